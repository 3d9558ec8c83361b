// Purpose: whose a segment is, and who may see or change it.
// Mode: WRITE
// Param: key STRING
// Param: owner STRING or null, id of a principal
// Param: visibility STRING, SHARED or PRIVATE; null for everybody
// Param: shared LIST OF STRING like VIEW:USER:id
// Param: now_ms INTEGER
// Column: key STRING
// Index: segment_key
MATCH (s:Segment {key: $key})
SET s.owner = $owner, s.visibility = $visibility, s.shared = $shared, s.updated_at = $now_ms
RETURN s.key AS key
