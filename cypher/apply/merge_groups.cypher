// Purpose: Lock companies, households and other groups that new calls name; who is in them since when.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, uid, at ms}
// Column: groups LIST<LIST>: [key, at ms or null, traits BYTES, JSON or null], each once, as they were
// Index: identifier_uid
// Index: group_key
// TRICKY: two SETs for the reason given in apply/lock_people.
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MERGE (g:Group {key: row.key})
SET g.key = row.key
MERGE (i)-[m:MEMBER_OF]->(g)
ON CREATE SET m.at = row.at
ON MATCH SET m.at = CASE WHEN row.at < m.at THEN row.at ELSE m.at END
WITH DISTINCT g
RETURN collect([g.key, g.at, g.traits]) AS groups
