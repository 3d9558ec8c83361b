// Purpose: Calls of others that named identifiers of an erased person name them no more.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key STRING, evidence STRING or null: the set without those identifiers}
// Param: uids LIST<STRING>, the person's
// Column: key STRING, of a set that calls of others showed
// Index: evidence_key
UNWIND $rows AS row
MATCH (e:Evidence {key: row.key})-[:SAW]->(i:Identifier)
WHERE NOT i.uid IN $uids
MATCH (i)-[:DID|CALLED|WITHDRAWN]->(call)
WHERE call.evidence = row.key
SET call.evidence = row.evidence, call.identifiers = [uid IN call.identifiers WHERE NOT uid IN $uids]
RETURN DISTINCT row.key AS key
