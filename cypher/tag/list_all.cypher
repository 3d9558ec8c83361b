// Purpose: The definitions of all tags, with the counter that says when they change.
// Mode: READ
// Column: catalogue INTEGER, read before the tags: they are at least as new
// Column: tags LIST OF MAP of the properties of a tag; those being deleted show as such
// Index: counter_name
// Index: tag_key
OPTIONAL MATCH (n:Counter {name: 'catalogue'})
WITH coalesce(n.value, 0) AS catalogue
OPTIONAL MATCH (t:Tag) WHERE t.key >= ''
RETURN catalogue AS catalogue, collect(t {.id, .key, .name, .category, .kind, .value_type, .mode, .zone, .keep_old, .version, .definition, .status, .as_of, .last_error, .progress, .created_at, .updated_at, .owner, .visibility, .shared, .reads}) AS tags
