// Purpose: Tags by key.
// Mode: READ
// Param: keys LIST OF STRING
// Column: tag MAP of the properties of a tag
// Index: tag_key
UNWIND $keys AS key
MATCH (t:Tag {key: key}) WHERE t.status <> 'DELETING'
RETURN t {.id, .key, .name, .category, .kind, .value_type, .mode, .zone, .keep_old, .version, .definition, .status, .as_of, .last_error, .progress, .created_at, .updated_at, .owner, .visibility, .shared, .reads} AS tag
