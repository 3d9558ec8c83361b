// Purpose: Identifiers that nothing shows any more: no call, not even one that was taken back. Blocked ones are nobody's.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
WHERE i.status <> 'BLOCKED' AND NOT EXISTS { (i)-[:DID|CALLED|WITHDRAWN]->() } AND NOT EXISTS { (i)<-[:SAW]-(:Evidence) }
RETURN i.uid AS uid
