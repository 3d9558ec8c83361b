// Purpose: Whom an identifier belongs to.
// Mode: READ
// Param: uid STRING
// Column: id STRING
// Column: attributes STRING JSON
// Index: identifier_uid
MATCH (:Identifier {uid: $uid})<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
RETURN c.id AS id, c.attributes AS attributes
