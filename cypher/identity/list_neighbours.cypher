// Purpose: Identifiers that were ever seen together with others, by calls that were taken back too; shared and blocked ones lead nowhere.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uids LIST<STRING>, each once
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
WHERE i.status = 'ACTIVE'
MATCH (i)<-[:SAW]-(:Evidence)-[:SAW]->(other:Identifier)
RETURN collect(DISTINCT other.uid) AS uids
