// Purpose: Where a tag stands in its life; a build that runs is over.
// Mode: WRITE
// Param: key STRING
// Param: status STRING
// Param: now_ms INTEGER
// Column: tag MAP of the properties of a tag
// Index: tag_key
MATCH (t:Tag {key: $key})
SET t.status = $status, t.progress = 0.0, t.built_until = null, t.last_error = null, t.updated_at = $now_ms,
  t.result = null, t.result_count = null, t.result_as_of = null, t.result_version = null
RETURN t {.id, .key, .name, .category, .kind, .value_type, .mode, .zone, .keep_old, .version, .definition, .status, .as_of, .last_error, .progress, .created_at, .updated_at, .owner, .visibility, .shared, .reads} AS tag
