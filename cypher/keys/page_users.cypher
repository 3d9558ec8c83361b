// Purpose: Users in the order of their phones, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: phone BYTES, second factor BYTES or null, one that is to be confirmed BYTES or null]
// Index: user_phone
MATCH (n:User) WHERE n.phone > $after
WITH n ORDER BY n.phone LIMIT $count
RETURN collect([n.phone, [n.sealed, n.totp, n.totp_pending]]) AS rows
