// Purpose: blocks of the chain behind an entry, oldest first.
// Mode: READ
// Param: after INTEGER, blocks whose last entry comes after this one
// Param: count INTEGER
// Column: block MAP as of audit/put_block, by last entry
// Index: audit_block
MATCH (b:AuditBlock) WHERE b.last > $after
WITH b ORDER BY b.last LIMIT $count
RETURN b {.first, .last, .before, .hash, .from_ms, .to_ms, .facets, .sealed} AS block
