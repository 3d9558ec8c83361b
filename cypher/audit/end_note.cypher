// Purpose: note what became of a change; anew, when nobody has waited for it.
// Mode: WRITE
// Param: id STRING
// Param: sealed BYTES, the encrypted entry
// Column: id STRING
// Index: audit_note
MERGE (n:AuditNote {id: $id})
SET n.sealed = $sealed, n.due = 0
RETURN n.id AS id
