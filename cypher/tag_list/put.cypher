// Purpose: give locked identifiers a value of an imported tag; what a newer import gave stays.
// Mode: WRITE
// Param: key STRING, the tag's
// Param: rows LIST OF MAP, sorted by uid: {uid, value JSON, row INTEGER}
// Param: round INTEGER, of the import
// Param: now_ms INTEGER
// Column: given INTEGER, 0 when the tag rests or is gone
// Index: tag_key
// Index: identifier_uid
MATCH (t:Tag {key: $key}) WHERE t.status IN ['LIVE', 'BUILDING', 'FAILED']
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
WITH t, i, row, [(i)-[g:GIVES]->(:Tag) WHERE g.tag = $key | g] AS known
FOREACH (g IN [one IN known WHERE one.round < $round OR (one.round = $round AND one.row <= row.row)] |
  SET g.value = row.value, g.round = $round, g.row = row.row, g.at = $now_ms)
FOREACH (_ IN CASE WHEN known = [] THEN [1] ELSE [] END |
  CREATE (i)-[:GIVES {tag: $key, value: row.value, round: $round, row: row.row, at: $now_ms}]->(t))
RETURN count(*) AS given
