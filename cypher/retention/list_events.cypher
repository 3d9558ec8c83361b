// Purpose: Some events of a name from before an instant, and what they hang on.
// Mode: READ
// Param: name STRING
// Param: before INT ms
// Param: count INT
// Column: id STRING
// Column: uid STRING
// Index: did_name_at
MATCH (i:Identifier)-[d:DID]->(e)
WHERE d.name = $name AND d.at < $before
RETURN e.id AS id, i.uid AS uid
LIMIT $count
