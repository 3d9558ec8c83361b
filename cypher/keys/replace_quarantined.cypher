// Purpose: Calls that were put aside: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, old LIST and new LIST: sealed BYTES}
// Column: replaced INT
// Index: quarantined_id
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:Quarantined {id: row.key})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.sealed, '') = coalesce(row.old[0], '')
SET n.sealed = row.new[0]
RETURN count(*) AS replaced
