// Purpose: versions of a segment by number.
// Mode: READ
// Param: segment STRING, its id
// Param: versions LIST OF INTEGER
// Column: version INTEGER
// Column: name STRING, of the segment then
// Column: rule STRING JSON
// Column: author STRING
// Column: reason STRING or null
// Column: at INTEGER ms
// Index: segment_version
UNWIND $versions AS version
MATCH (v:SegmentVersion {segment: $segment, version: version})
RETURN v.version AS version, v.name AS name, v.rule AS rule, v.author AS author, v.reason AS reason, v.at AS at
