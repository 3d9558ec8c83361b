// Purpose: Make a role, or change one.
// Mode: WRITE
// Param: key STRING
// Param: properties MAP {name_en, name_zh, permissions, scope STRING JSON or null}
// Column: role MAP
// Index: role_key
MERGE (r:Role {key: $key})
SET r += $properties
RETURN r {.key, .name_en, .name_zh, .permissions, .scope} AS role
