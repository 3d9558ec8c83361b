// Purpose: One keyset page of tags, by key.
// Mode: READ
// Param: after STRING, tags after this key; "" for the first page
// Param: search STRING, lower-case part of key or name; "" for all
// Param: category STRING, of this category or one below it; "" for all
// Param: only LIST OF STRING or null, of these ids; null for all
// Param: viewer LIST OF STRING or null: id of who asks, and the grants that let them see something; null sees all
// Param: count INTEGER
// Column: tag MAP of the properties of a tag
// Index: tag_key
MATCH (t:Tag)
WHERE t.key > $after AND t.status <> 'DELETING'
  AND ($search = '' OR toLower(t.key) CONTAINS $search OR toLower(t.name) CONTAINS $search)
  AND ($category = '' OR t.category = $category OR t.category STARTS WITH $category + '/')
  AND ($only IS NULL OR t.id IN $only)
  AND ($viewer IS NULL OR t.visibility IS NULL OR t.owner IN $viewer OR any(each IN t.shared WHERE each IN $viewer))
WITH t ORDER BY t.key LIMIT $count
RETURN t {.id, .key, .name, .category, .kind, .value_type, .mode, .zone, .keep_old, .version, .definition, .status, .as_of, .last_error, .progress, .created_at, .updated_at, .owner, .visibility, .shared, .reads} AS tag
