// Purpose: Customers: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, old LIST and new LIST: attributes BYTES, JSON or null, search_tokens STRING or null, search_name STRING or null}
// Column: replaced INT
// Index: customer_id
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:Customer {id: row.key})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.attributes, '') = coalesce(row.old[0], '') AND coalesce(n.search_tokens, '') = coalesce(row.old[1], '') AND coalesce(n.search_name, '') = coalesce(row.old[2], '')
SET n.attributes = row.new[0], n.search_tokens = row.new[1], n.search_name = row.new[2]
RETURN count(*) AS replaced
