// Purpose: What calls of a customer said of consents, newest first.
// Mode: READ
// Param: id STRING, of a living customer
// Param: before INT ms, calls until then; of that instant all come
// Param: count INT, calls at most
// Column: at INT ms
// Column: source STRING
// Column: id STRING, of the call or event
// Column: traits BYTES or JSON: traits and consents
// Index: customer_id
MATCH (c:Customer {id: $id})-[h:HAS]->(i:Identifier)
CALL (h, i) {
  MATCH (i)-[d:CALLED]->(call:Call)
  WHERE d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at AND d.at + 0 <= $before AND call.said IS NOT NULL
  RETURN call.id AS id, d.at AS at, call.source AS source, call.traits AS traits
  UNION ALL
  MATCH (i)-[d:DID]->(e:Event)
  WHERE d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at AND d.at + 0 <= $before AND e.said IS NOT NULL
  RETURN e.id AS id, d.at AS at, e.source AS source, e.traits AS traits
}
RETURN id AS id, at AS at, source AS source, traits AS traits
ORDER BY at DESC, source DESC, id DESC
LIMIT $count
