// Purpose: Show how far a build is; no row when a newer version or a deletion has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: progress FLOAT, 0 to 1
// Column: version INTEGER
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.version = $version AND s.status = 'BUILDING'
SET s.progress = $progress
RETURN s.version AS version
