// Purpose: Events: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, old LIST and new LIST: properties BYTES or JSON, context and extra BYTES, JSON or null, blocked and traits BYTES or null}
// Column: replaced INT
// Index: event_id
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:Event {id: row.key})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.properties, '') = coalesce(row.old[0], '') AND coalesce(n.context, '') = coalesce(row.old[1], '') AND coalesce(n.extra, '') = coalesce(row.old[2], '') AND coalesce(n.blocked, '') = coalesce(row.old[3], '') AND coalesce(n.traits, '') = coalesce(row.old[4], '')
SET n.properties = row.new[0], n.context = row.new[1], n.extra = row.new[2], n.blocked = row.new[3], n.traits = row.new[4]
RETURN count(*) AS replaced
