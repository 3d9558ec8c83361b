// Purpose: one keyset page of a segment's versions, newest first.
// Mode: READ
// Param: segment STRING, its id
// Param: before INTEGER, versions below this one
// Param: count INTEGER
// Column: version INTEGER, descending
// Column: name STRING, of the segment then
// Column: rule STRING JSON
// Column: author STRING
// Column: reason STRING or null
// Column: at INTEGER ms
// Index: segment_version
MATCH (v:SegmentVersion)
WHERE v.segment = $segment AND v.version < $before
WITH v ORDER BY v.segment DESC, v.version DESC LIMIT $count
RETURN v.version AS version, v.name AS name, v.rule AS rule, v.author AS author, v.reason AS reason, v.at AS at
