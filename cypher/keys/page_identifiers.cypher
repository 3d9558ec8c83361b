// Purpose: Identifiers in the order of their keys, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: cipher BYTES or null, last_four STRING or null]
// Index: identifier_uid
MATCH (n:Identifier) WHERE n.uid > $after
WITH n ORDER BY n.uid LIMIT $count
RETURN collect([n.uid, [n.cipher, n.last_four]]) AS rows
