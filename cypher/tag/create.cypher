// Purpose: A new tag, or the one that has the key.
// Mode: WRITE
// Param: id STRING
// Param: key STRING
// Param: properties MAP: {name, category or null, kind, value_type, mode, zone or null, keep_old, definition JSON, status, owner or null, visibility: PRIVATE, or null for everybody, reads LIST OF STRING or null}
// Param: now_ms INTEGER
// Column: tag MAP of the properties of a tag
// Index: tag_key
MERGE (t:Tag {key: $key})
ON CREATE SET t += $properties, t.id = $id, t.version = 1, t.progress = 0.0, t.created_at = $now_ms, t.updated_at = $now_ms
RETURN t {.id, .key, .name, .category, .kind, .value_type, .mode, .zone, .keep_old, .version, .definition, .status, .as_of, .last_error, .progress, .created_at, .updated_at, .owner, .visibility, .shared, .reads} AS tag
