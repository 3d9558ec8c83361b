// Purpose: Some encrypted values, to try a key on.
// Mode: READ
// Param: count INT
// Column: uid STRING
// Column: cipher BYTES
// Index: identifier_uid
MATCH (i:Identifier) WHERE i.uid > '' AND i.cipher IS NOT NULL
RETURN i.uid AS uid, i.cipher AS cipher LIMIT $count
