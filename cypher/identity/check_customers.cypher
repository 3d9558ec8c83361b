// Purpose: A page of all customers in the order of their ids, with what must hold for each.
// Mode: READ
// Param: after STRING
// Param: size INT
// Column: id STRING
// Column: orphan BOOLEAN: it lives and has no identifier
// Column: astray BOOLEAN: it is retired and its successor is not one living customer, one step away
// Column: size INT, of identifiers that it has now
// Index: customer_id
MATCH (c:Customer)
WHERE c.id > $after
WITH c ORDER BY c.id LIMIT $size
WITH c, COUNT { (c)-[h:HAS WHERE h.to IS NULL]->(:Identifier) } AS size
RETURN c.id AS id, size AS size, NOT c:Retired AND size = 0 AS orphan,
  COUNT { (c)-[:MERGED_INTO]->(:Customer) } > CASE WHEN c:Retired THEN 1 ELSE 0 END
    OR EXISTS { (c)-[:MERGED_INTO]->(:Customer)-[:MERGED_INTO]->(:Customer) } AS astray
