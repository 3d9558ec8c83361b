// Purpose: Companies, households and other groups that new calls name, and who is in them since when.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, uid, at ms, traits JSON}
// Index: identifier_uid
// Index: group_key
// TRICKY: says the same as group/derive_traits does of all calls. Two SETs for the reason given in apply/lock_people.
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MERGE (g:Group {key: row.key})
ON CREATE SET g.traits = row.traits, g.at = row.at
ON MATCH SET g.key = row.key
WITH row, i, g
SET g.traits = CASE WHEN row.at > g.at OR (row.at = g.at AND row.traits > g.traits) THEN row.traits ELSE g.traits END,
  g.at = CASE WHEN row.at > g.at THEN row.at ELSE g.at END
MERGE (i)-[m:MEMBER_OF]->(g)
ON CREATE SET m.at = row.at
ON MATCH SET m.at = CASE WHEN row.at < m.at THEN row.at ELSE m.at END
