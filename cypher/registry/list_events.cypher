// Purpose: One keyset page of the registry's events, by name.
// Mode: READ
// Param: after STRING, events after this name; "" for the first page
// Param: search STRING, lower-case part of a name or business name; "" for all
// Param: include_off BOOLEAN
// Param: count INT
// Column: definition LIST [name, name_zh, name_en, description, active, first_at ms, last_at ms, count]
// Index: event_type_name
MATCH (e:EventType)
WHERE e.name > $after AND ($include_off OR e.active)
  AND ($search = '' OR any(text IN [e.name, e.name_zh, e.name_en] WHERE toLower(text) CONTAINS $search))
WITH e ORDER BY e.name LIMIT $count
RETURN [e.name, e.name_zh, e.name_en, e.description, e.active, e.first_at, e.last_at, e.count] AS definition
