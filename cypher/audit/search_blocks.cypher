// Purpose: blocks that may hold what somebody looks for, newest first.
// Mode: READ
// Param: floor INTEGER, blocks whose last entry comes after this one
// Param: ceiling INTEGER, and up to this one
// Param: from_ms INTEGER
// Param: to_ms INTEGER, excluded
// Param: facets LIST OF STRING, all of which a block must have
// Param: count INTEGER
// Column: block MAP as of audit/put_block, by last entry, descending
// Index: audit_block
MATCH (b:AuditBlock)
WHERE b.last > $floor AND b.last <= $ceiling AND b.to_ms >= $from_ms AND b.from_ms < $to_ms
  AND all(facet IN $facets WHERE facet IN b.facets)
WITH b ORDER BY b.last DESC LIMIT $count
RETURN b {.first, .last, .before, .hash, .from_ms, .to_ms, .facets, .sealed} AS block
