// Purpose: One version of the policy of identity, or a trial, with how far the graph has come.
// Mode: READ
// Param: id STRING or null
// Param: version INT or null, then the one in force
// Column: id STRING or null: the default, which nobody changed
// Column: version INT or null for a trial
// Column: current INT, the version in force
// Column: body STRING JSON or null
// Column: author STRING or null
// Column: reason STRING or null
// Column: at INT ms or null
// Column: steps LIST<STRING> or null
// Column: state STRING or null
// Column: progress FLOAT or null
// Column: customers INT or null
// Column: identifiers INT or null
// Column: attributes INT or null
// Column: error STRING or null
// Index: counter_name
// Index: policy_id
// Index: policy_version
OPTIONAL MATCH (k:Counter {name: 'policy'})
WITH coalesce(k.value, 1) AS current
OPTIONAL MATCH (named:IdentityPolicy {id: $id})
OPTIONAL MATCH (numbered:IdentityPolicy {version: CASE WHEN $id IS NULL THEN coalesce($version, current) END})
WITH current, coalesce(named, numbered) AS p
RETURN p.id AS id, p.version AS version, current AS current, p.body AS body, p.author AS author, p.reason AS reason,
  p.at AS at, p.steps AS steps, p.state AS state, p.progress AS progress, p.customers AS customers,
  p.identifiers AS identifiers, p.attributes AS attributes, p.error AS error
