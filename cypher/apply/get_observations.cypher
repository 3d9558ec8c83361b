// Purpose: What the identifiers of customers reported while they were theirs.
// Mode: READ
// Param: ids LIST<STRING>, customers
// Column: customer STRING
// Column: key STRING, of the observation, the call or the event
// Column: name STRING or null, then traits are given
// Column: value BYTES or null
// Column: traits BYTES or null: all traits of one call, or the consents that equal events brought
// Column: at INT ms
// Column: source STRING
// Index: customer_id
// TRICKY: an observation is the newest of all time. Of an identifier that changed hands the calls themselves are read.
UNWIND $ids AS id
MATCH (c:Customer {id: id})-[h:HAS]->(i:Identifier)
CALL (h, i) {
  WITH h, i WHERE coalesce(h.whole, true)
  MATCH (i)-[:REPORTED]->(o:Observation)
  RETURN o.key AS key, o.name AS name, o.value AS value, null AS traits, o.at AS at, o.source AS source
  UNION ALL
  WITH h, i WHERE NOT coalesce(h.whole, true)
  MATCH (i)-[d:CALLED]->(call:Call)
  WHERE d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at AND call.traits IS NOT NULL
  RETURN call.id AS key, null AS name, null AS value, call.traits AS traits, d.at AS at, call.source AS source
  UNION ALL
  WITH h, i WHERE NOT coalesce(h.whole, true)
  MATCH (i)-[d:DID]->(e:Event)
  WHERE d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at AND e.traits IS NOT NULL
  WITH e.said AS said, e.source AS source, max(d.at) AS at, collect(e)[0] AS one
  RETURN one.id AS key, null AS name, null AS value, one.traits AS traits, at AS at, source AS source
}
RETURN c.id AS customer, key AS key, name AS name, value AS value, traits AS traits, at AS at, source AS source
