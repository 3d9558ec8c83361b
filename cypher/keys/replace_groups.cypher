// Purpose: Groups: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, old LIST and new LIST: traits BYTES, JSON or null}
// Column: replaced INT
// Index: group_key
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:Group {key: row.key})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.traits, '') = coalesce(row.old[0], '')
SET n.traits = row.new[0]
RETURN count(*) AS replaced
