// Purpose: Take off identifiers that others have or had what a person did by way of them, to be deleted.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, start ms, end ms or null}: the person's stretches
// Param: decision STRING
// Column: count INT
// Column: hung LIST<STRING>, the identifiers that they hung on
// Column: evidence LIST<STRING>, keys of the sets that they showed
// Index: identifier_uid
CREATE (x:Erasing {decision: $decision})
WITH x
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})-[d:DID|CALLED|WITHDRAWN]->(call)
WHERE d.at + 0 >= row.start AND coalesce(row.end, d.at + 1) > d.at + 0
CREATE (x)-[:WITHDRAWN {at: d.at}]->(call)
DELETE d
RETURN count(*) AS count, collect(DISTINCT i.uid) AS hung, collect(DISTINCT call.evidence) AS evidence
