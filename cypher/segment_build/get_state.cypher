// Purpose: How far a segment's build is.
// Mode: READ
// Param: key STRING
// Column: key STRING
// Column: version INTEGER
// Column: status STRING
// Column: progress FLOAT, 0 to 1
// Column: built_until STRING, id of the last customer that a build over the graph is done with; "" at its beginning
// Column: document STRING, JSON of the rule
// Index: segment_key
MATCH (s:Segment {key: $key})
RETURN s.key AS key, s.version AS version, s.status AS status,
  s.progress AS progress, coalesce(s.built_until, '') AS built_until,
  s.rule AS document
