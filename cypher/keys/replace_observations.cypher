// Purpose: Observations: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, old LIST and new LIST: value BYTES or JSON}
// Column: replaced INT
// Index: observation_key
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:Observation {key: row.key})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.value, '') = coalesce(row.old[0], '')
SET n.value = row.new[0]
RETURN count(*) AS replaced
