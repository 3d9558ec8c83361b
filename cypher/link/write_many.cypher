// Purpose: Links as resolved: accepted, rejected with the reason, or revoked.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by a and b: {a, b, status, reason or null, blocking LIST<STRING> or null, first_at ms, last_at ms, count INT, evidence LIST<STRING>, decision or null}
// Param: rule_version INT
// Index: identifier_uid
UNWIND $rows AS row
MATCH (a:Identifier {uid: row.a})
MATCH (b:Identifier {uid: row.b})
MERGE (a)-[l:LINKED]->(b)
SET l.status = row.status, l.reason = row.reason, l.blocking = row.blocking, l.rule_version = $rule_version,
  l.first_at = row.first_at, l.last_at = row.last_at, l.count = row.count, l.evidence = row.evidence,
  l.decision = row.decision
