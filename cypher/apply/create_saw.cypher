// Purpose: The identifiers of evidence sets that are new, or are seen again after all their calls were taken back.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {key, uid, verified BOOLEAN}
// Index: evidence_key
// Index: identifier_uid
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MATCH (e:Evidence {key: row.key})
MERGE (e)-[saw:SAW]->(i)
SET saw.verified = row.verified
