// Purpose: How far the graph has been brought up to date for a policy, or compared with a trial.
// Mode: WRITE
// Param: id STRING
// Param: state STRING
// Param: progress FLOAT
// Param: customers INT, that are others now, or would be
// Param: identifiers INT, that were set aside or not any more, or would be
// Param: attributes INT, customers whose attributes are others, or would be
// Param: error STRING or null
// Index: policy_id
MATCH (p:IdentityPolicy {id: $id})
WHERE p.state = 'PENDING'
SET p.state = $state, p.progress = $progress, p.customers = $customers, p.identifiers = $identifiers,
  p.attributes = $attributes, p.error = $error
