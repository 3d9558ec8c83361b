// Purpose: Another name, category or definition for a tag; the values of the last version stay until it is built.
// Mode: WRITE
// Param: key STRING
// Param: properties MAP: {name, category or null, value_type, mode, zone or null, keep_old, version, definition JSON}
// Param: now_ms INTEGER
// Column: tag MAP of the properties of a tag
// Index: tag_key
MATCH (t:Tag {key: $key})
SET t += $properties, t.updated_at = $now_ms
RETURN t {.id, .key, .name, .category, .kind, .value_type, .mode, .zone, .keep_old, .version, .definition, .status, .as_of, .last_error, .progress, .created_at, .updated_at, .owner, .visibility, .shared, .reads} AS tag
