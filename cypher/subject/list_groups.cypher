// Purpose: The groups that a customer's calls name.
// Mode: READ
// Param: id STRING, a living customer
// Column: key STRING
// Column: first_at INT ms
// Column: last_at INT ms
// Index: customer_id
MATCH (c:Customer {id: $id})-[h:HAS]->(i:Identifier)
MATCH (i)-[d:CALLED]->()
WHERE d.group IS NOT NULL AND d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at
RETURN d.group AS key, min(d.at) AS first_at, max(d.at) AS last_at ORDER BY key
