// Purpose: A page of all identifiers in the order of their uids.
// Mode: READ
// Param: after STRING
// Param: size INT
// Column: uid STRING
// Index: identifier_uid
MATCH (i:Identifier)
WHERE i.uid > $after
RETURN i.uid AS uid
ORDER BY i.uid
LIMIT $size
