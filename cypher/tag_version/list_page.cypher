// Purpose: one keyset page of a tag's versions, newest first.
// Mode: READ
// Param: tag STRING, its id
// Param: before INTEGER, versions below this one
// Param: count INTEGER
// Column: version MAP {version, name, definition JSON, mode, zone or null, keep_old, author, reason or null, at ms}, by version, descending
// Index: tag_version
MATCH (v:TagVersion)
WHERE v.tag = $tag AND v.version < $before
WITH v ORDER BY v.tag DESC, v.version DESC LIMIT $count
RETURN v {.version, .name, .definition, .mode, .zone, .keep_old, .author, .reason, .at} AS version
