// Purpose: What people say of an event; the registry is locked.
// Mode: WRITE
// Param: name STRING
// Param: fields MAP, properties of the node with their new values; null removes one
// Column: definition LIST [name, name_zh, name_en, description, active, first_at ms, last_at ms, count]
// Index: counter_name
// Index: event_type_name
MATCH (e:EventType {name: $name})
SET e += $fields
WITH e
MATCH (k:Counter {name: 'registry'})
SET k.value = k.value + 1
RETURN [e.name, e.name_zh, e.name_en, e.description, e.active, e.first_at, e.last_at, e.count] AS definition
