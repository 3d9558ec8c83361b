// Purpose: A page of all customers in the order of their ids, those who live no longer included.
// Mode: READ
// Param: after STRING
// Param: size INT
// Column: id STRING
// Index: customer_id
MATCH (c:Customer) WHERE c.id > $after
RETURN c.id AS id ORDER BY c.id LIMIT $size
