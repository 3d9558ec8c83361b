// Purpose: Calls that were put aside in the order of their keys, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: sealed BYTES]
// Index: quarantined_id
MATCH (n:Quarantined) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $count
RETURN collect([n.id, [n.sealed]]) AS rows
