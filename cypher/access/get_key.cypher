// Purpose: One key by id, locked until the transaction ends.
// Mode: WRITE
// Param: id STRING
// Param: now INT ms
// Column: key MAP
// Index: access_key_id
MATCH (k:AccessKey {id: $id})
SET k.looked_at = $now
RETURN k {.id, .kind, .name, .prefix, .roles, .source, .purpose, .created_by, .created_at, .expires_at, .last_used_at, .rotated_at, .old_until, .revoked_at} AS key
