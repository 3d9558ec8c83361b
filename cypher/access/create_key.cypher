// Purpose: A new key.
// Mode: WRITE
// Param: id STRING
// Param: kind STRING, API or WRITE
// Param: hash STRING
// Param: properties MAP {name, prefix, roles, source, purpose, created_by, created_at ms, expires_at ms}
// Column: key MAP
// Index: access_key_id
// A try whose outcome was lost finds what it made.
MERGE (k:AccessKey {id: $id})
ON CREATE SET k.kind = $kind, k.hash = $hash, k += $properties
RETURN k {.id, .kind, .name, .prefix, .roles, .source, .purpose, .created_by, .created_at, .expires_at, .last_used_at, .rotated_at, .old_until, .revoked_at} AS key
