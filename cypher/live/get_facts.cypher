// Purpose: What rules read of customers: attributes, memberships, and events by name.
// Mode: READ
// Param: ids LIST<STRING>
// Param: times_of LIST<STRING>, names of events of which times are enough
// Param: all_of LIST<STRING>, names of events of which properties are read
// Param: since INT ms, older events are left out
// Column: id STRING
// Column: version INT
// Column: attributes STRING JSON
// Column: members LIST<LIST>: [segment, since ms, version, sequence]
// Column: left LIST<LIST>: [segment, until ms, version, sequence]
// Column: sealed LIST<LIST>: [namespace, uid, cipher, last_seen ms] of phone and email
// Column: names LIST<STRING>, of events in no order
// Column: times LIST<INT> ms, parallel to names
// Column: events LIST<LIST>: [name, at ms, id, properties JSON]
// Index: customer_id
// TRICKY: `coalesce(…)` and `+ 0` keep the planner off the index on DID(name, at): started from there, 50 customers took
// 16 s.
UNWIND $ids AS id
MATCH (c:Customer {id: id})
CALL (c) {
  MATCH (c)-[m:IN_SEGMENT]->(:Segment)
  RETURN collect([m.segment, m.since, m.segment_version, m.sequence]) AS members
}
CALL (c) {
  MATCH (c)-[w:WAS_IN]->(:Segment)
  WITH w ORDER BY w.sequence DESC
  WITH w.segment AS segment, collect(w)[0] AS newest
  RETURN collect([segment, newest.until, newest.segment_version, newest.sequence]) AS left
}
CALL (c) {
  MATCH (c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier)
  WHERE i.namespace IN ['email', 'phone']
  RETURN collect([i.namespace, i.uid, i.cipher, i.last_seen]) AS sealed
}
CALL (c) {
  MATCH (c)-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[d:DID WHERE coalesce(d.name, '') IN $times_of AND d.at + 0 > $since]->()
  RETURN collect(d.name) AS names, collect(d.at) AS times
}
CALL (c) {
  MATCH (c)-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[d:DID WHERE coalesce(d.name, '') IN $all_of AND d.at + 0 > $since]->(e:Event)
  RETURN collect([d.name, d.at, e.id, e.properties]) AS events
}
RETURN c.id AS id, c.version AS version, c.attributes AS attributes, members AS members, left AS left, sealed AS sealed,
  names AS names, times AS times, events AS events
