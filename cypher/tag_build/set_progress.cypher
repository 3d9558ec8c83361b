// Purpose: Note how far a build is; no row when something newer has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: progress FLOAT, 0 to 1
// Param: built_until STRING, id of the last customer it is done with
// Column: version INTEGER
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.version = $version AND t.status = 'BUILDING'
SET t.progress = $progress, t.built_until = $built_until
RETURN t.version AS version
