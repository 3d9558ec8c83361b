// Purpose: Write keys that may be used now, by hash.
// Mode: READ
// Param: now INT ms
// Column: id STRING
// Column: source STRING
// Column: hash STRING
// Column: old_hash STRING or null
// Index: access_key_kind
MATCH (k:AccessKey {kind: 'WRITE'})
WHERE k.revoked_at IS NULL AND k.expires_at > $now
RETURN k.id AS id, k.source AS source, k.hash AS hash,
  CASE WHEN k.old_until > $now THEN k.old_hash END AS old_hash
