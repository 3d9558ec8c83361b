// Purpose: One decision, locked until the commit.
// Mode: WRITE
// Param: id STRING
// Param: now INT ms
// Column: kind STRING
// Column: active BOOLEAN or null for what the resolver did
// Column: subject STRING or null
// Column: uids LIST<STRING>, of the identifiers that it names
// Index: decision_id
MATCH (d:Decision {id: $id})
SET d.looked_at = $now
RETURN d.kind AS kind, d.active AS active, d.subject AS subject, [(d)-[:NAMES]->(i:Identifier) | i.uid] AS uids
