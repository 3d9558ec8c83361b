// Purpose: note what somebody is about to change.
// Mode: WRITE
// Param: id STRING
// Param: sealed BYTES, the encrypted entry, with an outcome that is not known
// Param: due INTEGER ms, from when on nobody waits for the outcome
// Column: id STRING
// Index: audit_note
MERGE (n:AuditNote {id: $id})
ON CREATE SET n.sealed = $sealed, n.due = $due
RETURN n.id AS id
