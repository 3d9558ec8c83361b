// Purpose: The identifiers of new evidence sets.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {key, uid, verified BOOLEAN}
// Index: evidence_key
// Index: identifier_uid
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MATCH (e:Evidence {key: row.key})
CREATE (e)-[:SAW {verified: row.verified}]->(i)
