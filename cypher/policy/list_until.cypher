// Purpose: The newest version to which the graph was brought up to date, and those after it up to one, in their order.
// Mode: READ
// Param: version INT
// Column: version INT
// Column: body STRING JSON
// Column: done BOOLEAN
// Index: policy_version
OPTIONAL MATCH (done:IdentityPolicy)
WHERE done.version <= $version AND done.state = 'DONE'
WITH coalesce(max(done.version), 1) AS first
MATCH (p:IdentityPolicy)
WHERE p.version >= first AND p.version <= $version
RETURN p.version AS version, p.body AS body, p.state = 'DONE' AS done
ORDER BY p.version
