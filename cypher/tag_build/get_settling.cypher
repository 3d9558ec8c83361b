// Purpose: Whether the end of a build changes what counts as a move: a tag with stages, of whose version it is the first.
// Mode: READ
// Param: key STRING
// Column: settles BOOLEAN
// Index: tag_key
MATCH (t:Tag {key: $key})
RETURN t.kind = 'LIFECYCLE' AND coalesce(t.built_version, 0) <> t.version AS settles
