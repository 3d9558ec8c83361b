// Purpose: versions of a tag by number.
// Mode: READ
// Param: tag STRING, its id
// Param: versions LIST OF INTEGER
// Column: version MAP {version, name, definition JSON, mode, zone or null, keep_old, author, reason or null, at ms}
// Index: tag_version
UNWIND $versions AS number
MATCH (v:TagVersion {tag: $tag, version: number})
RETURN v {.version, .name, .definition, .mode, .zone, .keep_old, .author, .reason, .at} AS version
