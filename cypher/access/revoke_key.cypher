// Purpose: A key and the one before it open nothing any more.
// Mode: WRITE
// Param: id STRING
// Param: now INT ms
// Column: key MAP
// Index: access_key_id
MATCH (k:AccessKey {id: $id})
SET k.revoked_at = coalesce(k.revoked_at, $now), k.old_until = null, k.old_hash = null
RETURN k {.id, .kind, .name, .prefix, .roles, .source, .purpose, .created_by, .created_at, .expires_at, .last_used_at, .rotated_at, .old_until, .revoked_at} AS key
