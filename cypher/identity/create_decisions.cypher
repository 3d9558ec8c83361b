// Purpose: The log of what the resolver did.
// Mode: WRITE
// Param: rows LIST<MAP>: {id, kind, at ms, customer, other or null, a uid or null, b uid or null, reason or null, evidence STRING or null}
// Param: policy_version INT
// Index: customer_id
UNWIND $rows AS row
CREATE (d:Decision {id: row.id, kind: row.kind, at: row.at, customer: row.customer, other: row.other, a: row.a, b: row.b,
  reason: row.reason, evidence: row.evidence, policy_version: $policy_version, author: 'resolver'})
WITH row, d
UNWIND [row.customer, row.other] AS id
MATCH (c:Customer {id: id})
CREATE (c)<-[:ABOUT]-(d)
