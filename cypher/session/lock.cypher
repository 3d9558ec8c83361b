// Purpose: The session of a family of refresh tokens, locked until the transaction ends.
// Mode: WRITE
// Param: family STRING, hash
// Param: now INT ms
// Column: session MAP
// Column: status STRING, of the user
// Index: session_family
MATCH (s:Session {family: $family})-[:OF]->(u:User)
SET s.looked_at = $now
RETURN s {.id, .family, .secret, .before, .salt, .rotated_at, .access, .access_until, .idle_until, .ends_at} AS session, u.status AS status
