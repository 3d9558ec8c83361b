// Purpose: How far a segment's build is.
// Mode: READ
// Param: key STRING
// Column: key STRING
// Column: version INTEGER
// Column: status STRING
// Index: segment_key
MATCH (s:Segment {key: $key})
RETURN s.key AS key, s.version AS version, s.status AS status
