// Purpose: Add what was seen of names to the registry, new ones included; the registry is locked.
// Mode: WRITE
// Param: attributes LIST<MAP>: {name, type STRING, pii STRING, example STRING or null, first_at ms, last_at ms, counts LIST<INT> by type}
// Param: events LIST<MAP>: {name, first_at ms, last_at ms, count INT, properties INT: how many of its properties are new}
// Param: properties LIST<MAP>: as of attributes, with event STRING
// Param: new_attributes INT, how many of them are new
// Param: new_events INT
// Param: new_properties INT
// Param: unlisted INT, values under names that the registry does not take
// Index: counter_name
// Index: attribute_name
// Index: event_type_name
// Index: event_property_name
MATCH (k:Counter {name: 'registry'})
SET k.attributes = k.attributes + $new_attributes, k.events = k.events + $new_events,
  k.properties = k.properties + $new_properties, k.unlisted = k.unlisted + $unlisted
WITH k
CALL () {
  UNWIND $attributes AS row
  MERGE (a:Attribute {name: row.name})
  ON CREATE SET a.active = true, a.pii = row.pii, a.first_type = row.type, a.first_at = row.first_at, a.last_at = row.last_at,
    a.counts = [n IN row.counts | 0]
  SET a.first_at = CASE WHEN row.first_at < a.first_at THEN row.first_at ELSE a.first_at END,
    a.last_at = CASE WHEN row.last_at > a.last_at THEN row.last_at ELSE a.last_at END,
    a.counts = [n IN range(0, size(row.counts) - 1) | a.counts[n] + row.counts[n]],
    a.example = CASE a.pii WHEN 'NONE' THEN coalesce(a.example, row.example) END
}
CALL () {
  UNWIND $events AS row
  MERGE (e:EventType {name: row.name})
  ON CREATE SET e.active = true, e.first_at = row.first_at, e.last_at = row.last_at, e.count = 0, e.properties = 0
  SET e.first_at = CASE WHEN row.first_at < e.first_at THEN row.first_at ELSE e.first_at END,
    e.last_at = CASE WHEN row.last_at > e.last_at THEN row.last_at ELSE e.last_at END,
    e.count = e.count + row.count, e.properties = e.properties + row.properties
}
CALL () {
  UNWIND $properties AS row
  MERGE (p:EventProperty {event: row.event, name: row.name})
  ON CREATE SET p.active = true, p.pii = row.pii, p.first_type = row.type, p.first_at = row.first_at, p.last_at = row.last_at,
    p.counts = [n IN row.counts | 0]
  SET p.first_at = CASE WHEN row.first_at < p.first_at THEN row.first_at ELSE p.first_at END,
    p.last_at = CASE WHEN row.last_at > p.last_at THEN row.last_at ELSE p.last_at END,
    p.counts = [n IN range(0, size(row.counts) - 1) | p.counts[n] + row.counts[n]],
    p.example = CASE p.pii WHEN 'NONE' THEN coalesce(p.example, row.example) END
}
