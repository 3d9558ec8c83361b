// Purpose: Note how far a build is; no row when a newer version or a deletion has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: progress FLOAT, 0 to 1
// Param: built_until STRING, id of the last customer it is done with
// Column: version INTEGER
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.version = $version AND s.status = 'BUILDING'
SET s.progress = $progress, s.built_until = $built_until
RETURN s.version AS version
