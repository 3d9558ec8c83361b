// Purpose: Identifiers: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, old LIST and new LIST: cipher BYTES or null, last_four STRING or null}
// Column: replaced INT
// Index: identifier_uid
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:Identifier {uid: row.key})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.cipher, '') = coalesce(row.old[0], '') AND coalesce(n.last_four, '') = coalesce(row.old[1], '')
SET n.cipher = row.new[0], n.last_four = row.new[1]
RETURN count(*) AS replaced
