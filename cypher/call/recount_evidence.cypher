// Purpose: How often and when a set of identifiers was seen, from the calls that show it.
// Mode: WRITE
// Param: keys LIST<STRING>, sorted
// Index: evidence_key
UNWIND $keys AS key
MATCH (e:Evidence {key: key})
CALL (e) {
  MATCH (e)-[:SAW]->(:Identifier)-[d:DID|CALLED]->(call)
  WHERE call.evidence = e.key
  RETURN count(*) AS count, min(d.at) AS first_at, max(d.at) AS last_at
}
SET e.count = count, e.first_at = coalesce(first_at, e.first_at), e.last_at = coalesce(last_at, e.last_at)
