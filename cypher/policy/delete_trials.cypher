// Purpose: Forget old trials.
// Mode: WRITE
// Param: before INT ms
MATCH (p:IdentityPolicy)
WHERE p.version IS NULL AND p.at < $before
DELETE p
