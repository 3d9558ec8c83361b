// Purpose: A page of all sets of identifiers seen together.
// Mode: READ
// Param: after STRING
// Param: size INT
// Column: sets LIST<LIST>: [key, members LIST<STRING>, those that no call vouched for LIST<STRING>], by key; members are empty when all calls were taken back
// Index: evidence_key
MATCH (e:Evidence)
WHERE e.key > $after
WITH e ORDER BY e.key LIMIT $size
RETURN collect([e.key, CASE WHEN e.count > 0 THEN [(e)-[:SAW]->(i:Identifier) | i.uid] ELSE [] END,
  [(e)-[s:SAW]->(i:Identifier) WHERE NOT s.verified | i.uid]]) AS sets
