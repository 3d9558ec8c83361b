// Purpose: a new segment, to be built.
// Mode: WRITE
// Param: id STRING
// Param: key STRING
// Param: name STRING
// Param: rule STRING JSON
// Param: now_ms INTEGER
// Column: segment LIST [id, key, name, rule, version, status, as_of, last_error, progress, created_at, updated_at]
// Index: segment_key
MERGE (s:Segment {key: $key})
ON CREATE SET s.id = $id, s.name = $name, s.rule = $rule, s.version = 1, s.status = 'BUILDING', s.progress = 0.0, s.created_at = $now_ms, s.updated_at = $now_ms
RETURN [s.id, s.key, s.name, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at] AS segment
