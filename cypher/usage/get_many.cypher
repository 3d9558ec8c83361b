// Purpose: when segments and tags were last asked for.
// Mode: READ
// Param: ids LIST OF STRING
// Column: id STRING
// Column: at INTEGER ms
// Index: last_use
UNWIND $ids AS id
MATCH (u:LastUse {of: id})
RETURN id AS id, u.at AS at
