// Purpose: one keyset page of living customers, by id.
// Mode: READ
// Param: after STRING, customers after this id; "" for the first page
// Param: count INTEGER
// Column: id STRING, ascending
// Index: customer_id
MATCH (c:Customer)
WHERE c.id > $after AND NOT c:Retired
RETURN c.id AS id ORDER BY c.id LIMIT $count
