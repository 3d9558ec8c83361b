// Purpose: All keys of a kind, newest first.
// Mode: READ
// Param: kind STRING, API or WRITE
// Column: key MAP
// Index: access_key_kind
MATCH (k:AccessKey {kind: $kind})
WITH k ORDER BY k.created_at DESC, k.id
RETURN k {.id, .kind, .name, .prefix, .roles, .source, .purpose, .created_by, .created_at, .expires_at, .last_used_at, .rotated_at, .old_until, .revoked_at} AS key
