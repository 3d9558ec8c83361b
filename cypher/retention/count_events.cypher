// Purpose: How many events of a name there are from before an instant.
// Mode: READ
// Param: name STRING
// Param: before INT ms
// Column: count INT
// Column: oldest INT ms or null
// Index: did_name_at
MATCH (:Identifier)-[d:DID]->()
WHERE d.name = $name AND d.at < $before
RETURN count(d) AS count, min(d.at) AS oldest
