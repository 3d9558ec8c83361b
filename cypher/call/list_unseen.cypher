// Purpose: Identifiers that no call shows: all that did were taken back.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
WHERE NOT EXISTS { (i)-[:DID|CALLED]->() } AND NOT EXISTS { (i)<-[:SAW]-(e:Evidence WHERE e.count > 0) }
RETURN i.uid AS uid
