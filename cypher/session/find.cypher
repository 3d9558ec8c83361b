// Purpose: Whose an access token is now, with those of their roles that are stored.
// Mode: READ
// Param: access STRING, hash
// Param: now INT ms
// Column: session STRING, id
// Column: id STRING, of the user
// Column: name STRING
// Column: roles LIST<STRING>, keys
// Column: must_change BOOLEAN
// Column: stored LIST<MAP {key, permissions, scope}>
// Index: session_access
// Index: role_key
MATCH (s:Session {access: $access})-[:OF]->(u:User)
WHERE s.access_until > $now AND s.ends_at > $now AND u.status = 'ACTIVE'
OPTIONAL MATCH (r:Role) WHERE r.key IN u.roles
WITH s, u, collect(r {.key, .permissions, .scope}) AS stored
RETURN s.id AS session, u.id AS id, u.name AS name, u.roles AS roles, u.must_change AS must_change, stored AS stored
