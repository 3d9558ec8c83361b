// Purpose: Customers in the order of their keys, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: attributes BYTES, JSON or null, search_tokens STRING or null, search_name STRING or null]
// Index: customer_id
MATCH (n:Customer) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $count
RETURN collect([n.id, [n.attributes, n.search_tokens, n.search_name]]) AS rows
