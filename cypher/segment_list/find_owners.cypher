// Purpose: which identifiers somebody has now.
// Mode: READ
// Param: uids LIST OF STRING
// Column: uid STRING
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
WHERE EXISTS { (i)<-[h:HAS WHERE h.to IS NULL]-(:Customer) }
RETURN uid AS uid
