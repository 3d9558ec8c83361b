// Purpose: What people say of an attribute; the registry is locked.
// Mode: WRITE
// Param: name STRING
// Param: fields MAP, properties of the node with their new values; null removes one
// Column: definition LIST [event or null, name, name_zh, name_en, description, unit, pii, active, set_type, first_type, on_conflict, first_at ms, last_at ms, counts LIST<INT> by type, example]
// Index: counter_name
// Index: attribute_name
MATCH (a:Attribute {name: $name})
SET a += $fields
WITH a
MATCH (k:Counter {name: 'registry'})
SET k.value = k.value + 1
RETURN [null, a.name, a.name_zh, a.name_en, a.description, a.unit, a.pii, a.active, a.set_type, a.first_type, a.on_conflict, a.first_at, a.last_at, a.counts, a.example] AS definition
