// Purpose: how far the chain has come, for the one who goes on with it; others wait.
// Mode: WRITE
// Column: head MAP {seq, hash BYTES, stream STRING, removed_seq, removed_hash BYTES, seal BYTES}; all null before the first entry
// Index: audit_head
MERGE (h:AuditHead {name: 'head'})
SET h.turns = coalesce(h.turns, 0) + 1
RETURN h {.seq, .hash, .stream, .removed_seq, .removed_hash, .seal} AS head
