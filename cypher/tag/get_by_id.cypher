// Purpose: One tag by its id.
// Mode: READ
// Param: id STRING
// Column: tag MAP of the properties of a tag
// Index: tag_id
MATCH (t:Tag {id: $id}) WHERE t.status <> 'DELETING'
RETURN t {.id, .key, .name, .category, .kind, .value_type, .mode, .zone, .keep_old, .version, .definition, .status, .as_of, .last_error, .progress, .created_at, .updated_at, .owner, .visibility, .shared, .reads} AS tag
