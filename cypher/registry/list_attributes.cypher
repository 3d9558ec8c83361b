// Purpose: One keyset page of the registry's attributes, by name.
// Mode: READ
// Param: after STRING, attributes after this name; "" for the first page
// Param: search STRING, lower-case part of a name or business name; "" for all
// Param: include_off BOOLEAN
// Param: count INT
// Column: definition LIST [event or null, name, name_zh, name_en, description, unit, pii, active, set_type, first_type, on_conflict, first_at ms, last_at ms, counts LIST<INT> by type, example]
// Index: attribute_name
MATCH (a:Attribute)
WHERE a.name > $after AND ($include_off OR a.active)
  AND ($search = '' OR any(text IN [a.name, a.name_zh, a.name_en] WHERE toLower(text) CONTAINS $search))
WITH a ORDER BY a.name LIMIT $count
RETURN [null, a.name, a.name_zh, a.name_en, a.description, a.unit, a.pii, a.active, a.set_type, a.first_type, a.on_conflict, a.first_at, a.last_at, a.counts, a.example] AS definition
