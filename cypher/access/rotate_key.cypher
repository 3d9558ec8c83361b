// Purpose: Another token for a key; the one of now goes on for a while.
// Mode: WRITE
// Param: id STRING
// Param: hash STRING
// Param: prefix STRING
// Param: now INT ms
// Param: old_until INT ms
// Column: key MAP
// Index: access_key_id
MATCH (k:AccessKey {id: $id})
// A try whose outcome was lost must not push out the token that goes on.
SET k.old_hash = CASE WHEN k.hash = $hash THEN k.old_hash ELSE k.hash END, k.old_until = $old_until, k.rotated_at = $now
SET k.hash = $hash, k.prefix = $prefix
RETURN k {.id, .kind, .name, .prefix, .roles, .source, .purpose, .created_by, .created_at, .expires_at, .last_used_at, .rotated_at, .old_until, .revoked_at} AS key
