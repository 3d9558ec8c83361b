// Purpose: the block that ends with an entry.
// Mode: READ
// Param: last INTEGER
// Column: block MAP as of audit/put_block; no row when there is none
// Index: audit_block
MATCH (b:AuditBlock {last: $last})
RETURN b {.first, .last, .before, .hash, .from_ms, .to_ms, .facets, .sealed} AS block
