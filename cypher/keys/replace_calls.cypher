// Purpose: Calls that are no events: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, old LIST and new LIST: traits, group_traits, context and extra BYTES, JSON or null, blocked BYTES or null}
// Column: replaced INT
// Index: call_id
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:Call {id: row.key})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.traits, '') = coalesce(row.old[0], '') AND coalesce(n.group_traits, '') = coalesce(row.old[1], '') AND coalesce(n.context, '') = coalesce(row.old[2], '') AND coalesce(n.extra, '') = coalesce(row.old[3], '') AND coalesce(n.blocked, '') = coalesce(row.old[4], '')
SET n.traits = row.new[0], n.group_traits = row.new[1], n.context = row.new[2], n.extra = row.new[3], n.blocked = row.new[4]
RETURN count(*) AS replaced
