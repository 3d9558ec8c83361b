// Purpose: Any identifier of a namespace, or of a family of them.
// Mode: READ
// Param: prefix STRING, of its uid
// Column: uid STRING
// Index: identifier_uid
MATCH (i:Identifier)
WHERE i.uid STARTS WITH $prefix
RETURN i.uid AS uid
LIMIT 1
