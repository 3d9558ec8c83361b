// Purpose: Identifiers that were ever seen together with some, by calls that were taken back too; themselves among them.
// Mode: READ
// Param: uids LIST<STRING>
// Param: count INT, no more than these
// Column: uids LIST<STRING>, each once
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:SAW]-(:Evidence)-[:SAW]->(other:Identifier)
WITH DISTINCT other LIMIT $count
RETURN collect(other.uid) AS uids
