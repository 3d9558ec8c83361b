// Purpose: End the sessions of a user, but one if it is named.
// Mode: WRITE
// Param: user STRING, id
// Param: keep STRING, id of a session; empty: none
// Column: ended INT
// Index: user_id
MATCH (s:Session)-[:OF]->(:User {id: $user})
WHERE s.id <> $keep
DETACH DELETE s
RETURN count(*) AS ended
