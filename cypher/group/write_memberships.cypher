// Purpose: Put identifiers into groups, or take them out.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key and uid: {key, uid, at ms or null to take it out}
// Index: identifier_uid
// Index: group_key
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MATCH (g:Group {key: row.key})
MERGE (i)-[m:MEMBER_OF]->(g)
SET m.at = row.at
WITH m, row
WHERE row.at IS NULL
DELETE m
