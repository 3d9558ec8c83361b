// Purpose: What customers had before anybody was merged into them.
// Mode: READ
// Param: ids LIST<STRING>
// Column: id STRING; those into whom nobody was merged are missing
// Column: own LIST<STRING>
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})-[:OWNED]->(i:Identifier)
RETURN c.id AS id, collect(i.uid) AS own
