// Purpose: A new session of a user.
// Mode: WRITE
// Param: user STRING, id
// Param: id STRING
// Param: properties MAP {family, secret, access: hashes; created_at, rotated_at, access_until, idle_until, ends_at: ms}
// Index: session_id
// Index: user_id
// A try whose outcome was lost finds what it made.
MATCH (u:User {id: $user})
MERGE (s:Session {id: $id})
ON CREATE SET s += $properties
MERGE (s)-[:OF]->(u)
