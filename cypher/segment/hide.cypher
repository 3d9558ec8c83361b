// Purpose: take a segment out of every read at once; a job removes its memberships and then the node.
// Mode: WRITE
// Param: key STRING
// Param: now_ms INTEGER
// Column: version INTEGER
// Index: segment_key
MATCH (s:Segment {key: $key})
SET s.status = 'DELETING', s.updated_at = $now_ms
RETURN s.version AS version
