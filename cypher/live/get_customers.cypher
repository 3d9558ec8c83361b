// Purpose: Attributes and memberships of customers.
// Mode: READ
// Param: ids LIST<STRING>
// Column: id STRING
// Column: version INT
// Column: attributes STRING JSON
// Column: members LIST<LIST>: [segment, since ms, version, sequence]
// Column: left LIST<LIST>: [segment, until ms, version, sequence]
// Column: sealed LIST<LIST>: [namespace, uid, cipher, last_seen ms] of phone and email
// Index: customer_id
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
RETURN c.id AS id, c.version AS version, c.attributes AS attributes, members AS members, left AS left, sealed AS sealed
