// Purpose: What rules read of customers: attributes, memberships, tags, and events by name.
// Mode: READ
// Param: ids LIST<STRING>
// Param: all_of LIST<STRING>, those of them of which properties are read
// Param: since MAP: name → INT ms, events that are not newer are left out
// Param: with_tags BOOLEAN
// Param: with_lists BOOLEAN, whether rules read imported lists
// Param: with_given BOOLEAN, whether there are tags whose values are imported
// Column: id STRING
// Column: version INT
// Column: attributes STRING JSON
// Column: members LIST<LIST>: [segment, since ms, version, sequence]
// Column: left LIST<LIST>: [segment, until ms, version, sequence], every closed interval
// Column: sealed LIST<LIST>: [namespace, uid, cipher, last_seen ms] of phone and email
// Column: lists LIST<STRING>, keys of segments into which one of the identifiers was imported
// Column: given LIST<LIST>: [tag, round, row, value JSON], imported for one of the identifiers
// Column: events LIST<LIST>: [name, times LIST<INT ms>, whole LIST<LIST>: [at ms, id, properties BYTES or JSON]], each name once; whole is empty where no properties are read
// Column: tags LIST<LIST>: [tag, value JSON or null, since ms, version, marks JSON or null], also those whose value is gone
// Index: customer_id
// TRICKY: `+ 0`, and no other condition on the name, keep the planner off the index on DID(name, at): started from there,
// 50 customers took 16 s.
UNWIND $ids AS id
MATCH (c:Customer {id: id})
CALL (c) {
  MATCH (c)-[m:IN_SEGMENT]->()
  RETURN collect([m.segment, m.since, m.segment_version, m.sequence]) AS members
}
CALL (c) {
  MATCH (c)-[w:WAS_IN]->()
  RETURN collect([w.segment, w.until, w.segment_version, w.sequence]) AS left
}
CALL (c) {
  MATCH (c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier)
  WHERE i.namespace IN ['email', 'phone']
  RETURN collect([i.namespace, i.uid, i.cipher, i.last_seen]) AS sealed
}
CALL (c) {
  WITH c WHERE $with_tags
  MATCH (c)-[t:TAGGED|WAS_TAGGED]->()
  RETURN collect([t.tag, t.value, t.since, t.tag_version, t.marks]) AS tags
}
CALL (c) {
  WITH c WHERE $with_lists
  MATCH (c)-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[l:LISTED_IN]->(:Segment)
  RETURN collect(DISTINCT l.segment) AS lists
}
CALL (c) {
  WITH c WHERE $with_given
  MATCH (c)-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[g:GIVES]->(:Tag)
  RETURN collect([g.tag, g.round, g.row, g.value]) AS given
}
CALL (c) {
  WITH c WHERE size(keys($since)) > 0
  MATCH (c)-[h:HAS]->()-[d:DID WHERE d.at + 0 > $since[d.name]]->(e)
  WHERE d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at
  WITH d.name AS name, collect(d.at) AS times, collect(CASE WHEN d.name IN $all_of THEN [d.at, e.id, e.properties] END) AS whole
  RETURN collect([name, times, whole]) AS events
}
RETURN c.id AS id, c.version AS version, c.attributes AS attributes, members AS members, left AS left, sealed AS sealed,
  lists AS lists, given AS given, events AS events, tags AS tags
