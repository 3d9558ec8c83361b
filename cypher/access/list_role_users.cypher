// Purpose: Keys that may be used now and hold a role.
// Mode: READ
// Param: role STRING
// Param: now INT ms
// Column: id STRING
// Column: name STRING
// Index: access_key_kind
MATCH (k:AccessKey {kind: 'API'})
WHERE k.revoked_at IS NULL AND k.expires_at > $now AND $role IN k.roles
RETURN k.id AS id, k.name AS name
