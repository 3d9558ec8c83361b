// Purpose: The same keyset page of the properties of each of some events, by name.
// Mode: READ
// Param: events LIST<STRING>
// Param: after STRING, properties after this name; "" for the first page
// Param: search STRING, lower-case part of a name or business name; "" for all
// Param: include_off BOOLEAN
// Param: count INT, of each event
// Column: definition LIST [event or null, name, name_zh, name_en, description, unit, pii, active, set_type, first_type, on_conflict, first_at ms, last_at ms, counts LIST<INT> by type, example]
// Index: event_property_name
UNWIND $events AS event
CALL (event) {
  MATCH (p:EventProperty)
  WHERE p.event = event AND p.name > $after AND ($include_off OR p.active)
    AND ($search = '' OR any(text IN [p.name, p.name_zh, p.name_en] WHERE toLower(text) CONTAINS $search))
  RETURN p ORDER BY p.event, p.name LIMIT $count
}
RETURN [p.event, p.name, p.name_zh, p.name_en, p.description, p.unit, p.pii, p.active, p.set_type, p.first_type, p.on_conflict, p.first_at, p.last_at, p.counts, p.example] AS definition
