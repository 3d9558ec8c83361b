// Purpose: Decisions that took back calls which are deleted name them by their keyed hashes.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by id: {id STRING, of the call, key STRING}
// Index: decision_subject
UNWIND $rows AS row
MATCH (d:Decision {subject: row.id})
SET d.subject = row.key
