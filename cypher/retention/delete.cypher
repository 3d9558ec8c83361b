// Purpose: Events or attributes of a name are kept for ever again; what was removed stays away.
// Mode: WRITE
// Param: key STRING
// Index: retention_key
MATCH (r:Retention {key: $key})
DELETE r
