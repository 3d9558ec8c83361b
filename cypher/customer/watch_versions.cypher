// Purpose: Who customers mean now and at which version, for many at a time: one record, and no step to a survivor but from who was merged.
// Mode: READ
// Param: ids LIST<STRING>, living or retired, at most 10,000
// Column: customers LIST<LIST>: [id as given, id of who it means, its version INT]; ids that mean nobody are missing
// Index: customer_id
UNWIND $ids AS asked
MATCH (c:Customer {id: asked})
WITH asked, CASE WHEN c:Retired THEN head([(c)-[:MERGED_INTO]->(heir:Customer) | heir]) ELSE c END AS now
WHERE now IS NOT NULL
RETURN collect([asked, now.id, now.version]) AS customers
