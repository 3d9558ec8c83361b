// Purpose: Companies, households and other groups that calls name.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, key, at ms, traits JSON}
// Index: identifier_uid
// Index: group_key
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MERGE (g:Group {key: row.key})
ON CREATE SET g.traits = row.traits, g.at = row.at
ON MATCH SET g.traits = CASE WHEN row.at >= g.at THEN row.traits ELSE g.traits END,
  g.at = CASE WHEN row.at >= g.at THEN row.at ELSE g.at END
MERGE (i)-[m:MEMBER_OF]->(g)
ON CREATE SET m.at = row.at
