// Purpose: Groups in the order of their keys, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: traits BYTES, JSON or null]
// Index: group_key
MATCH (n:Group) WHERE n.key > $after
WITH n ORDER BY n.key LIMIT $count
RETURN collect([n.key, [n.traits]]) AS rows
