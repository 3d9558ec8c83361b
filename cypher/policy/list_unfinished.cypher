// Purpose: Policies and trials to which the graph has not been compared or brought up to date yet, the oldest first.
// Mode: READ
// Column: id STRING
MATCH (p:IdentityPolicy {state: 'PENDING'})
RETURN p.id AS id
ORDER BY p.at, p.id
