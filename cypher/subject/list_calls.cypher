// Purpose: Places of a customer's calls of one kind, newest first: those that hung on an identifier while it was theirs.
// Mode: READ
// Param: id STRING, a living customer
// Param: type STRING: DID, CALLED or WITHDRAWN
// Param: after_ms INT ms, of the last call of the page before; beyond every time for the first page
// Param: after_id STRING, its id
// Param: count INT
// Column: at INT ms
// Column: id STRING
// Index: customer_id
// TRICKY: `+ 0` keeps the planner off the index on DID(name, at).
MATCH (c:Customer {id: $id})-[h:HAS]->(i:Identifier)
MATCH (i)-[d:DID|CALLED|WITHDRAWN WHERE type(d) = $type AND d.at + 0 <= $after_ms]->(call)
WHERE d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at AND (d.at < $after_ms OR call.id < $after_id)
RETURN d.at AS at, call.id AS id ORDER BY at DESC, id DESC LIMIT $count
