// Purpose: All roles that were made or changed.
// Mode: READ
// Column: role MAP
// Index: role_key
MATCH (r:Role) WHERE r.key >= ''
RETURN r {.key, .name_en, .name_zh, .permissions, .scope} AS role
