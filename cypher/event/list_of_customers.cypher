// Purpose: keyset pages of customers' events, newest first.
// Mode: READ
// Param: ids LIST OF STRING, living customers, at most 100
// Param: names LIST OF STRING|null, only events of these names
// Param: from_ms INTEGER, events from this instant on
// Param: to_ms INTEGER, events before this instant
// Param: after_ms INTEGER, instant of the last event of the page before; beyond every time for the first page
// Param: after_id STRING, its id
// Param: count INTEGER, a customer
// Column: id STRING, the customer
// Column: events LIST OF [id, name, at, received_at, source, properties], newest first; ties by id, descending
// TRICKY: `any(…)` and `+ 0` keep the planner off the index on DID(name, at), see get_profiles.
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})
CALL (c) {
  MATCH (c)-[h:HAS]->(:Identifier)-[d:DID WHERE d.at + 0 >= $from_ms AND d.at + 0 < $to_ms AND d.at + 0 <= $after_ms AND ($names IS NULL OR any(name IN $names WHERE name = d.name))]->(e:Event)
  WHERE (d.at < $after_ms OR e.id < $after_id) AND d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at
  WITH d.at AS at, e ORDER BY at DESC, e.id DESC LIMIT $count
  RETURN collect([e.id, e.name, at, e.received_at, e.source, e.properties]) AS events
}
RETURN id AS id, events AS events
