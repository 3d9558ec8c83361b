// Purpose: How long events or attributes of a name are kept.
// Mode: WRITE
// Param: key STRING
// Param: kind STRING, EVENT or ATTRIBUTE
// Param: name STRING
// Param: days INT
// Param: reason STRING
// Param: at INT ms
// Index: retention_key
MERGE (r:Retention {key: $key})
SET r.kind = $kind, r.name = $name, r.days = $days, r.reason = $reason, r.at = $at
