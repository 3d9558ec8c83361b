// Purpose: Sets of identifiers that no call shows any more, not even one that was taken back.
// Mode: READ
// Param: keys LIST<STRING>
// Column: key STRING
// Index: evidence_key
UNWIND $keys AS key
MATCH (e:Evidence {key: key})
WHERE NOT EXISTS {
  MATCH (e)-[:SAW]->(i:Identifier)
  MATCH (i)-[:DID|CALLED|WITHDRAWN]->(call)
  WHERE call.evidence = e.key
}
RETURN e.key AS key
