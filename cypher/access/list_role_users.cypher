// Purpose: Keys that may be used now, and users, who hold a role.
// Mode: READ
// Param: role STRING
// Param: now INT ms
// Column: id STRING
// Column: name STRING
// Index: access_key_kind
// Index: user_id
CALL () {
  MATCH (k:AccessKey {kind: 'API'})
  WHERE k.revoked_at IS NULL AND k.expires_at > $now AND $role IN k.roles
  RETURN k.id AS id, k.name AS name
  UNION ALL
  MATCH (u:User) WHERE u.id >= '' AND $role IN u.roles
  RETURN u.id AS id, u.name AS name
}
RETURN id AS id, name AS name
