// Purpose: The policy of identity in force, locked until the commit: no other change comes between.
// Mode: WRITE
// Param: now INT ms
// Column: version INT
// Column: body STRING JSON or null: nobody changed the default
// Index: counter_name
// Index: policy_version
MERGE (k:Counter {name: 'policy'})
ON CREATE SET k.value = 1
SET k.looked_at = $now
WITH k
OPTIONAL MATCH (p:IdentityPolicy {version: k.value})
RETURN k.value AS version, p.body AS body
