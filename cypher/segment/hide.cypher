// Purpose: take a segment out of every read at once, and remember that not everybody might see it; a job removes its memberships and then the node.
// Mode: WRITE
// Param: key STRING
// Param: now_ms INTEGER
// Column: version INTEGER
// Index: segment_key
// Index: closed_key
MATCH (s:Segment {key: $key})
SET s.status = 'DELETING', s.updated_at = $now_ms
FOREACH (_ IN CASE WHEN s.visibility IS NULL THEN [] ELSE [1] END | MERGE (:ClosedKey {key: $key}))
RETURN s.version AS version
