// Purpose: How often and when sets of identifiers were seen, from the calls that show them.
// Mode: READ
// Param: keys LIST<STRING>
// Column: key STRING; sets that no call shows are missing
// Column: count INT
// Column: first_at INT ms
// Column: last_at INT ms
// Index: evidence_key
UNWIND $keys AS key
MATCH (:Evidence {key: key})-[:SAW]->(i:Identifier)
WITH DISTINCT i
MATCH (i)-[d:DID|CALLED]->(call)
WHERE call.evidence IN $keys
RETURN call.evidence AS key, count(*) AS count, min(d.at) AS first_at, max(d.at) AS last_at
