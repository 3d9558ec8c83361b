// Purpose: Notes of the operation log in the order of their keys, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: sealed BYTES]
// Index: audit_note
MATCH (n:AuditNote) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $count
RETURN collect([n.id, [n.sealed]]) AS rows
