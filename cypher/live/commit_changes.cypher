// Purpose: Create events, take the next positions of the change log, bring memberships and tags up to date and write the outbox.
// Mode: WRITE
// Param: events LIST<MAP>, sorted by uid: {uid, id, name, at ms, received_at ms, source, properties BYTES or an empty JSON, identifiers LIST<STRING>, the strongest first, evidence STRING or null, context BYTES or null, extra BYTES or null, blocked BYTES or null, traits BYTES or null, said STRING or null: of equal traits the same, starts_at ms or null when its time had come}
// Param: leave LIST<MAP>, sorted by customer: {customer, segment, since ms, until ms, entered_version INT, version INT, sequence INT, cause STRING}
// Param: enter LIST<MAP>, sorted by customer: {customer, segment, since ms, version INT, sequence INT}
// Param: retag LIST<MAP>, sorted by customer: {customer, tag, value JSON or null for none any more, items LIST<STRING> JSON of a list's or null, instant ms that the value names or null, marks JSON or null, since ms, version INT}
// Param: moves LIST<MAP>, in order: {customer, tag, before STRING or null, stage STRING or null, at ms, reason STRING, version INT, number INT from 0}
// Param: bodies LIST<STRING>, JSON of the changes without their positions, in order
// Param: touched LIST<MAP>, at most one: {events LIST<STRING> ids, customers LIST<STRING> ids, owned LIST<STRING> uids, hung LIST<STRING> uids, moved LIST<STRING> ids, cleared LIST<STRING> ids, dropped LIST<STRING> keys of segments}
// Param: at INT ms
// Column: created INT, less than there are events when a call that is no event has one of the ids
// Column: last INT, the last position taken
// Column: announced INT ms, up to when a sweep was announced
// Column: swept INT ms, up to when the sweep is complete; 0 before the first
// Column: catalogue INT, version of the rule catalogue
// Column: policy INT, version of the policy of identity
// Index: identifier_uid
// Index: call_id
// Index: counter_name
// Index: customer_id
// Index: segment_key
// Index: tag_key
// TRICKY: the counter's lock is held until the commit: positions count in the order of commits, and what is returned is
// what everybody before has committed. Events, which need no order, come before it; memberships after.
CALL () {
  UNWIND $events AS row
  WITH row WHERE NOT EXISTS { (:Call {id: row.id}) }
  MATCH (i:Identifier {uid: row.uid})
  CREATE (i)-[:DID {name: row.name, at: row.at, starts_at: row.starts_at}]->(:Event {
    id: row.id, name: row.name, at: row.at, received_at: row.received_at, source: row.source,
    properties: row.properties, identifiers: row.identifiers, evidence: row.evidence, context: row.context, extra: row.extra, blocked: row.blocked, traits: row.traits, said: row.said})
  RETURN count(*) AS created
}
MERGE (k:Counter {name: 'changes'})
ON CREATE SET k.value = size($bodies), k.swept_until = 0, k.touched = size($touched)
ON MATCH SET k.value = k.value + size($bodies), k.touched = coalesce(k.touched, 0) + size($touched)
WITH created, k.value AS last, k.swept_until AS announced, k.touched AS entry
CALL () {
  UNWIND $leave AS row
  WITH row.customer AS id, collect(row) AS rows, collect(row.segment) AS keys
  MATCH (c:Customer {id: id})
  // Once a customer: one that is merged away leaves all of its segments.
  CALL (c, keys) {
    MATCH (c)-[m:IN_SEGMENT]->(:Segment)
    WHERE m.segment IN keys
    DELETE m
  }
  UNWIND rows AS row
  MATCH (s:Segment {key: row.segment})
  CREATE (c)-[:WAS_IN {segment: row.segment, customer: id, since: row.since, until: row.until,
    entered_version: row.entered_version, segment_version: row.version, sequence: row.sequence, cause: row.cause}]->(s)
}
CALL () {
  UNWIND $enter AS row
  MATCH (c:Customer {id: row.customer})
  MATCH (s:Segment {key: row.segment})
  CREATE (c)-[:IN_SEGMENT {segment: row.segment, customer: row.customer, since: row.since,
    segment_version: row.version, sequence: row.sequence}]->(s)
}
CALL () {
  UNWIND $retag AS row
  MATCH (c:Customer {id: row.customer})
  MATCH (t:Tag {key: row.tag})
  CALL (c, row) {
    MATCH (c)-[old:TAGGED|WAS_TAGGED]->(:Tag)
    WHERE old.tag = row.tag
    DELETE old
  }
  CALL (c, t, row) {
    WITH c, t, row WHERE row.value IS NOT NULL
    CREATE (c)-[:TAGGED {tag: row.tag, customer: row.customer, value: row.value, items: row.items, instant: row.instant,
      marks: row.marks, since: row.since, tag_version: row.version}]->(t)
  }
  CALL (c, t, row) {
    WITH c, t, row WHERE row.value IS NULL
    CREATE (c)-[:WAS_TAGGED {tag: row.tag, marks: row.marks, since: row.since, tag_version: row.version}]->(t)
  }
}
CALL (entry) {
  UNWIND $moves AS row
  MATCH (c:Customer {id: row.customer})
  MATCH (t:Tag {key: row.tag})
  CREATE (c)-[:MOVED {tag: row.tag, customer: row.customer, before: row.before, stage: row.stage, at: row.at,
    reason: row.reason, tag_version: row.version, place: entry * 1048576 + row.number}]->(t)
}
CALL (last) {
  UNWIND range(1, size($bodies)) AS number
  WITH number, last - size($bodies) + number AS position
  CREATE (:Change {position: position, at: $at, body: '{"position":' + toString(position) + $bodies[number - 1]})
}
CALL (entry, last) {
  UNWIND $touched AS row
  CREATE (:Touched {position: entry, at: $at, events: row.events, customers: row.customers, owned: row.owned,
    hung: row.hung, moved: row.moved, cleared: row.cleared, dropped: row.dropped, changes: last})
}
OPTIONAL MATCH (c:Counter {name: 'catalogue'})
OPTIONAL MATCH (s:Counter {name: 'sweep'})
OPTIONAL MATCH (p:Counter {name: 'policy'})
RETURN created AS created, last AS last, announced AS announced, coalesce(s.value, 0) AS swept, coalesce(c.value, 0) AS catalogue,
  coalesce(p.value, 1) AS policy
