// Purpose: Customers with an event that was in the future when it arrived and whose time comes now.
// Mode: READ
// Param: after INT ms (open)
// Param: until INT ms (closed)
// Column: name STRING
// Column: customer STRING
// Index: did_starts_at
MATCH (i:Identifier)-[d:DID]->()
WHERE d.starts_at > $after AND d.starts_at <= $until
WITH i, d.name AS name, d.at AS at
MATCH (i)<-[h:HAS]-(c:Customer)
WHERE at >= h.from AND coalesce(h.to, at + 1) > at
RETURN DISTINCT name AS name, c.id AS customer
