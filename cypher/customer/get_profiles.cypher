// Purpose: a whole profile page a row: node, identifiers, memberships, tags and the newest events, in one statement.
// Mode: READ
// Param: rows LIST OF {key INTEGER, uid STRING|null, id STRING|null}, at most a few hundred; one of uid and id is set
// Param: with_identifiers BOOLEAN
// Param: with_segments BOOLEAN
// Param: with_tags BOOLEAN
// Param: event_count INTEGER, 0 for no events
// Param: names LIST OF STRING|null, only events of these names
// Param: from_ms INTEGER, events from this instant on
// Param: to_ms INTEGER, events before this instant
// Column: key INTEGER, as given
// Column: id STRING, the living customer; rows without one are missing
// Column: version INTEGER, read before everything else of the row: the rest is at least as new
// Column: catalogue INTEGER, moves with every change of the segments' definitions
// Column: created_at INTEGER ms
// Column: updated_at INTEGER ms
// Column: attributes BYTES|STRING JSON|null
// Column: identifiers LIST OF [uid, namespace, first_seen, last_seen, cipher]
// Column: segments LIST OF [key, since, segment_version]
// Column: tags LIST OF [key, value JSON, since, marks JSON|null]
// Column: events LIST OF [id, name, at, received_at, source, properties], newest first
// TRICKY: `any(…)` and `+ 0` keep the planner off the index on DID(name, at), from which one customer's events are
// thousands of times as far.
// Index: identifier_uid
// Index: customer_id
// Index: counter_name
OPTIONAL MATCH (n:Counter {name: 'catalogue'})
WITH coalesce(n.value, 0) AS catalogue
UNWIND $rows AS row
OPTIONAL MATCH (:Identifier {uid: row.uid})<-[held:HAS WHERE held.to IS NULL]-(owner:Customer)
OPTIONAL MATCH (named:Customer {id: row.id})
OPTIONAL MATCH (named)-[:MERGED_INTO]->(heir:Customer)
WITH catalogue, row.key AS key, coalesce(owner, heir, named) AS c
WHERE c IS NOT NULL AND NOT c:Retired
WITH catalogue, key, c, c.version AS version
CALL (c) {
  MATCH (c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier)
  WHERE $with_identifiers
  RETURN collect([i.uid, i.namespace, i.first_seen, i.last_seen, i.cipher]) AS identifiers
}
CALL (c) {
  MATCH (c)-[m:IN_SEGMENT]->(:Segment)
  WHERE $with_segments
  RETURN collect([m.segment, m.since, m.segment_version]) AS segments
}
CALL (c) {
  MATCH (c)-[t:TAGGED]->(:Tag)
  WHERE $with_tags
  RETURN collect([t.tag, t.value, t.since, t.marks]) AS tags
}
CALL (c) {
  MATCH (c)-[h:HAS]->(:Identifier)-[d:DID WHERE d.at + 0 >= $from_ms AND d.at + 0 < $to_ms AND ($names IS NULL OR any(name IN $names WHERE name = d.name))]->(e:Event)
  WHERE $event_count > 0 AND d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at
  WITH d.at AS at, e ORDER BY at DESC, e.id DESC LIMIT $event_count
  RETURN collect([e.id, e.name, at, e.received_at, e.source, e.properties]) AS events
}
RETURN key AS key, c.id AS id, version AS version, catalogue AS catalogue, c.created_at AS created_at, c.updated_at AS updated_at, c.attributes AS attributes, identifiers AS identifiers, segments AS segments, tags AS tags, events AS events
