// Purpose: What calls of a customer said of consents, newest first.
// Mode: READ
// Param: id STRING, of a living customer
// Param: before INT ms, calls until then; of that instant all come
// Param: marker STRING, in every document that holds a consent
// Param: count INT, calls at most
// Column: at INT ms
// Column: source STRING
// Column: traits STRING JSON: traits and consents
// Index: customer_id
MATCH (c:Customer {id: $id})-[h:HAS]->(i:Identifier)
CALL (h, i) {
  MATCH (i)-[d:CALLED]->(call:Call)
  WHERE d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at AND d.at + 0 <= $before AND call.traits CONTAINS $marker
  RETURN d.at AS at, call.source AS source, call.traits AS traits
  UNION ALL
  MATCH (i)-[d:DID]->(e:Event)
  WHERE d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at AND d.at + 0 <= $before AND e.traits IS NOT NULL
  RETURN d.at AS at, e.source AS source, e.traits AS traits
}
RETURN at AS at, source AS source, traits AS traits
ORDER BY at DESC, source DESC, traits DESC
LIMIT $count
