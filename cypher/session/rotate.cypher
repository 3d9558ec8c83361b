// Purpose: The next pair of tokens of a session.
// Mode: WRITE
// Param: id STRING
// Param: properties MAP {secret, before, access: hashes; salt BYTES; rotated_at, access_until, idle_until: ms}
// Index: session_id
MATCH (s:Session {id: $id})
SET s += $properties
