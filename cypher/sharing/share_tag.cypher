// Purpose: whose a tag is, and who may see or change it.
// Mode: WRITE
// Param: key STRING
// Param: owner STRING or null, id of a principal
// Param: visibility STRING, SHARED or PRIVATE; null for everybody
// Param: shared LIST OF STRING like VIEW:USER:id
// Param: now_ms INTEGER
// Column: key STRING
// Index: tag_key
MATCH (t:Tag {key: $key})
SET t.owner = $owner, t.visibility = $visibility, t.shared = $shared, t.updated_at = $now_ms
RETURN t.key AS key
