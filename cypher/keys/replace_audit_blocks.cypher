// Purpose: Blocks of the operation log: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key STRING, old LIST and new LIST: sealed BYTES}
// Column: replaced INT
// Index: audit_block
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:AuditBlock {last: toInteger(row.key)})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.sealed, '') = coalesce(row.old[0], '')
SET n.sealed = row.new[0]
RETURN count(*) AS replaced
