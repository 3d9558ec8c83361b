// Purpose: how many notes can go into the chain.
// Mode: READ
// Param: now_ms INTEGER
// Column: count INTEGER
// Index: audit_note_due
MATCH (n:AuditNote) WHERE n.due <= $now_ms
RETURN count(*) AS count
