// Purpose: Blocks of the operation log in the order of their last entries, with what is encrypted on them.
// Mode: READ
// Param: after STRING, a number; none to begin with
// Param: count INT
// Column: rows LIST<LIST>: [key STRING, held LIST: sealed BYTES]
// Index: audit_block
MATCH (n:AuditBlock) WHERE n.last > coalesce(toInteger($after), -1)
WITH n ORDER BY n.last LIMIT $count
RETURN collect([toString(n.last), [n.sealed]]) AS rows
