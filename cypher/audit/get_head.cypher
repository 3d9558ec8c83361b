// Purpose: how far the chain has come.
// Mode: READ
// Column: head MAP as of audit/lock_head; no row before the first turn of a writer
// Index: audit_head
MATCH (h:AuditHead {name: 'head'})
RETURN h {.seq, .hash, .stream, .removed_seq, .removed_hash, .seal} AS head
