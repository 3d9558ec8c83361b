// Purpose: Observations in the order of their keys, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: value BYTES or JSON]
// Index: observation_key
MATCH (n:Observation) WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $count
RETURN collect([n.key, [n.value]]) AS rows
