// Purpose: Remove a role that was made, or the changes of one that comes with every deployment.
// Mode: WRITE
// Param: key STRING
// Index: role_key
MATCH (r:Role {key: $key})
DELETE r
