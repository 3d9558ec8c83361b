// Purpose: The API key of a token that may be used now, with those of its roles that are stored.
// Mode: READ
// Param: hash STRING
// Param: now INT ms
// Column: id STRING
// Column: name STRING
// Column: purpose STRING or null
// Column: roles LIST<STRING>, keys
// Column: stored LIST<MAP {key, permissions, scope}>
// Index: access_key_hash
// Index: access_key_old_hash
// Index: role_key
CALL () {
  MATCH (k:AccessKey {hash: $hash}) RETURN k
  UNION
  MATCH (k:AccessKey {old_hash: $hash}) WHERE k.old_until > $now RETURN k
}
WITH k WHERE k.kind = 'API' AND k.revoked_at IS NULL AND k.expires_at > $now
OPTIONAL MATCH (r:Role) WHERE r.key IN k.roles
WITH k, collect(r {.key, .permissions, .scope}) AS stored
RETURN k.id AS id, k.name AS name, k.purpose AS purpose, k.roles AS roles, stored AS stored
