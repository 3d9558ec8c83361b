// Purpose: What the registry has of names; unknown ones are missing.
// Mode: READ
// Param: attributes LIST<STRING>
// Param: events LIST<STRING>
// Param: properties LIST<LIST<STRING>>, [event, name]
// Column: attributes LIST of [event or null, name, name_zh, name_en, description, unit, pii, active, set_type, first_type, on_conflict, first_at ms, last_at ms, counts LIST<INT> by type, example]
// Column: events LIST of [name, name_zh, name_en, description, active, first_at ms, last_at ms, count]
// Column: properties LIST as of attributes
// Index: attribute_name
// Index: event_type_name
// Index: event_property_name
RETURN
  COLLECT {
    UNWIND $attributes AS name
    MATCH (a:Attribute {name: name})
    RETURN [null, a.name, a.name_zh, a.name_en, a.description, a.unit, a.pii, a.active, a.set_type, a.first_type, a.on_conflict, a.first_at, a.last_at, a.counts, a.example]
  } AS attributes,
  COLLECT {
    UNWIND $events AS name
    MATCH (e:EventType {name: name})
    RETURN [e.name, e.name_zh, e.name_en, e.description, e.active, e.first_at, e.last_at, e.count]
  } AS events,
  COLLECT {
    UNWIND $properties AS pair
    MATCH (p:EventProperty {event: pair[0], name: pair[1]})
    RETURN [p.event, p.name, p.name_zh, p.name_en, p.description, p.unit, p.pii, p.active, p.set_type, p.first_type, p.on_conflict, p.first_at, p.last_at, p.counts, p.example]
  } AS properties
