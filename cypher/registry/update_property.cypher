// Purpose: What people say of an event's property; the registry is locked.
// Mode: WRITE
// Param: event STRING
// Param: name STRING
// Param: fields MAP, properties of the node with their new values; null removes one
// Column: definition LIST [event or null, name, name_zh, name_en, description, unit, pii, active, set_type, first_type, on_conflict, first_at ms, last_at ms, counts LIST<INT> by type, example]
// Index: counter_name
// Index: event_property_name
MATCH (p:EventProperty {event: $event, name: $name})
SET p += $fields
WITH p
MATCH (k:Counter {name: 'registry'})
SET k.value = k.value + 1
RETURN [p.event, p.name, p.name_zh, p.name_en, p.description, p.unit, p.pii, p.active, p.set_type, p.first_type, p.on_conflict, p.first_at, p.last_at, p.counts, p.example] AS definition
