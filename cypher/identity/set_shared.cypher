// Purpose: Mark identifiers that too many customers share.
// Mode: WRITE
// Param: uids LIST<STRING>, sorted
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
SET i.status = 'SHARED'
