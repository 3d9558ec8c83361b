// Purpose: End a session.
// Mode: WRITE
// Param: id STRING
// Index: session_id
MATCH (s:Session {id: $id})
DETACH DELETE s
