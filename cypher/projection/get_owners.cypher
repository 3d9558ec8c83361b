// Purpose: Who has had identifiers, and when.
// Mode: READ
// Param: uids LIST<STRING>
// Column: owners LIST<LIST>: [uid, customer, from ms, to ms or null]
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})<-[h:HAS]-(c:Customer)
RETURN collect([i.uid, c.id, h.from, h.to]) AS owners
