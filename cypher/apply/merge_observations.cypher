// Purpose: Attribute values as reported: the newest per identifier, attribute and source stays.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid, one a key: {key, uid, name, value BYTES, at ms, source, instant ms or null}
// Column: ties LIST<LIST>: [key, value] of those that stand as they were, reported at the same time: the value decides, and it is encrypted
// Index: identifier_uid
// Index: observation_key
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MERGE (o:Observation {key: row.key})
ON CREATE SET o.name = row.name, o.source = row.source, o.at = row.at - 1
MERGE (i)-[:REPORTED]->(o)
WITH o, row, row.at = o.at AS tied
FOREACH (newer IN CASE WHEN row.at > o.at THEN [row] ELSE [] END |
  SET o.value = newer.value, o.at = newer.at, o.instant = newer.instant)
RETURN collect(CASE WHEN tied THEN [o.key, o.value] END) AS ties
