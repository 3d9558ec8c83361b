// Purpose: The calls of a generated stream, on the identifiers that they hang on.
// Mode: WRITE
// Param: rows LIST<MAP>: {uid, id, at ms, source, identifiers LIST<STRING>, evidence STRING or null}
// Index: identifier_uid
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
CREATE (i)-[:CALLED {at: row.at}]->(:Call {id: row.id, kind: 'identify', at: row.at, received_at: row.at,
  source: row.source, identifiers: row.identifiers, evidence: row.evidence})
