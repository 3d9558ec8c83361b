// Purpose: Customers with an event of a name in a range of time.
// Mode: READ
// Param: ranges LIST<MAP>: {name, after ms (open), until ms (closed)}
// Column: name STRING
// Column: customer STRING
// Index: did_name_at
UNWIND $ranges AS range
CALL (range) {
  MATCH (i:Identifier)-[d:DID]->()
  WHERE d.name = range.name AND d.at > range.after AND d.at <= range.until
  WITH i, d.at AS at
  MATCH (i)<-[h:HAS]-(c:Customer)
  WHERE at >= h.from AND coalesce(h.to, at + 1) > at
  RETURN DISTINCT c.id AS customer
}
RETURN range.name AS name, customer AS customer
