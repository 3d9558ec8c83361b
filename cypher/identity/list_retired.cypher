// Purpose: Retired customers that had any of these identifiers.
// Mode: READ
// Param: uids LIST<STRING>
// Column: id STRING
// Column: had LIST<STRING>, of these
// Column: own LIST<STRING>, what it had before anybody was merged into it; empty when nobody was
// Column: depth INT, through how many others it was merged
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})<-[:HAD]-(r:Customer)
WITH r, collect(i.uid) AS had
OPTIONAL MATCH (r)-[m:MERGED_INTO]->(:Customer)
RETURN r.id AS id, had AS had, [(r)-[:OWNED]->(i:Identifier) | i.uid] AS own, size(coalesce(m.by_way_of, [])) AS depth
