// Purpose: keep entries of the chain; entries that follow in the same block take its place.
// Mode: WRITE
// Param: replaced INTEGER, the last entry of the block as it was; 0 for a new one
// Param: block MAP {first, last, before BYTES, hash BYTES, from_ms, to_ms, facets LIST OF STRING, sealed BYTES}
// Column: last INTEGER
// Index: audit_block
OPTIONAL MATCH (old:AuditBlock {last: $replaced})
DELETE old
CREATE (b:AuditBlock)
SET b += $block
RETURN b.last AS last
