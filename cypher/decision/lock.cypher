// Purpose: One decision, locked until the commit.
// Mode: WRITE
// Param: id STRING
// Param: now INT ms
// Column: kind STRING
// Column: at INT ms
// Column: active BOOLEAN or null for what the resolver did
// Column: subject STRING or null
// Column: uids LIST<STRING>, of the identifiers that it names
// Column: work LIST or null: [state, after or null, looked_at INT, passes INT, found INT, closing BOOLEAN, calls INT] of one that takes effect in the background
// Index: decision_id
MATCH (d:Decision {id: $id})
SET d.looked_at = $now
RETURN d.kind AS kind, d.at AS at, d.active AS active, d.subject AS subject, [(d)-[:NAMES]->(i:Identifier) | i.uid] AS uids,
  CASE WHEN d.state IS NOT NULL THEN [d.state, d.after, d.looked_at_count, d.pass_count, d.found_count, d.closing, d.call_count] END AS work
