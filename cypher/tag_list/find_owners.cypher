// Purpose: who has identifiers now.
// Mode: READ
// Param: uids LIST OF STRING
// Column: uid STRING
// Column: customer STRING
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
RETURN uid AS uid, c.id AS customer
