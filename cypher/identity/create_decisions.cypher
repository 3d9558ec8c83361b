// Purpose: The log of what the resolver did.
// Mode: WRITE
// Param: rows LIST<MAP>: {id, kind, at ms, customer, other or null, evidence STRING or null}
// Param: policy_version INT
// Index: customer_id
UNWIND $rows AS row
MATCH (c:Customer {id: row.customer})
CREATE (c)<-[:ABOUT]-(:Decision {id: row.id, kind: row.kind, at: row.at, other: row.other, evidence: row.evidence,
  policy_version: $policy_version, author: 'resolver'})
