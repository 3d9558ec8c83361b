// Purpose: Let a decision stand, or stand no more.
// Mode: WRITE
// Param: id STRING
// Param: active BOOLEAN
// Index: decision_id
MATCH (d:Decision {id: $id})
SET d.active = $active
