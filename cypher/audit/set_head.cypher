// Purpose: keep how far the chain has come.
// Mode: WRITE
// Param: head MAP as of audit/lock_head
// Index: audit_head
MATCH (h:AuditHead {name: 'head'})
SET h += $head
