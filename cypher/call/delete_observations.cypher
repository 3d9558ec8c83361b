// Purpose: Forget what identifiers reported, before it is derived again from the calls.
// Mode: WRITE
// Param: uids LIST<STRING>, sorted
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})-[:REPORTED]->(o:Observation)
DETACH DELETE o
