// Purpose: The policy of identity in force.
// Mode: READ
// Column: version INT
// Column: body STRING JSON or null: nobody changed the default
// Index: counter_name
// Index: policy_version
OPTIONAL MATCH (k:Counter {name: 'policy'})
OPTIONAL MATCH (p:IdentityPolicy {version: k.value})
RETURN coalesce(k.value, 1) AS version, p.body AS body
