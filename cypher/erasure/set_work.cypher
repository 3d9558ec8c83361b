// Purpose: How far an erasure is.
// Mode: WRITE
// Param: decision STRING
// Param: state STRING: 'RUNNING' or 'DONE'
// Param: progress FLOAT, 0 to 1
// Param: calls INT, all that it deletes
// Index: decision_id
MATCH (d:Decision {id: $decision})
SET d.state = $state, d.progress = $progress, d.call_count = $calls
