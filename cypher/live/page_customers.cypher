// Purpose: A page of all live customers in the order of their ids.
// Mode: READ
// Param: after STRING
// Param: size INT
// Column: id STRING
// Index: customer_id
MATCH (c:Customer)
WHERE c.id > $after AND NOT c:Retired
RETURN c.id AS id
ORDER BY c.id
LIMIT $size
