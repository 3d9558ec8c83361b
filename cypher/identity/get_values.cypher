// Purpose: The sealed values of identifiers.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Column: namespace STRING
// Column: cipher BYTES or null
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
RETURN i.uid AS uid, i.namespace AS namespace, i.cipher AS cipher
