// Purpose: Attribute values as reported: the newest per identifier, attribute and source stays.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid, one a key: {key, uid, name, value JSON, at ms, source, instant ms or null}
// Index: identifier_uid
// Index: observation_key
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MERGE (o:Observation {key: row.key})
ON CREATE SET o.name = row.name, o.source = row.source, o.at = row.at - 1
MERGE (i)-[:REPORTED]->(o)
WITH o, row
WHERE row.at > o.at OR (row.at = o.at AND row.value > o.value)
SET o.value = row.value, o.at = row.at, o.instant = row.instant
