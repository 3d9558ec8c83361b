// Purpose: Shared identifiers that were seen together with some identifiers.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:SAW]-(e:Evidence)-[:SAW]->(i:Identifier)
WHERE e.count > 0 AND i.status = 'SHARED'
RETURN DISTINCT i.uid AS uid
