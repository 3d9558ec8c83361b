// Purpose: Sets of identifiers that the calls of a generated stream show.
// Mode: WRITE
// Param: rows LIST<MAP>: {key, source, first_at ms, last_at ms, count INT, members LIST<LIST>: [uid, verified BOOLEAN]}
// Index: identifier_uid
UNWIND $rows AS row
CREATE (e:Evidence {key: row.key, source: row.source, first_at: row.first_at, last_at: row.last_at, count: row.count})
WITH e, row
UNWIND row.members AS member
MATCH (i:Identifier {uid: member[0]})
CREATE (e)-[:SAW {verified: member[1]}]->(i)
