// Purpose: Links between identifiers, as a resolution of a generated stream makes them.
// Mode: WRITE
// Param: rows LIST<MAP>: {a, b, status, reason or null, blocking LIST<STRING> or null, first_at ms, last_at ms, count INT}
// Param: rule_version INT
// Index: identifier_uid
UNWIND $rows AS row
MATCH (a:Identifier {uid: row.a})
MATCH (b:Identifier {uid: row.b})
CREATE (a)-[:LINKED {status: row.status, reason: row.reason, blocking: row.blocking, rule_version: $rule_version,
  first_at: row.first_at, last_at: row.last_at, count: row.count, evidence: []}]->(b)
