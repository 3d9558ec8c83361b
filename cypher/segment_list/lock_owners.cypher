// Purpose: lock identifiers in the order of the rows, and say who has them now; those that nobody has seen are left out.
// Mode: WRITE
// Param: rows LIST OF MAP, sorted by uid: {uid, namespace}
// Column: uid STRING
// Column: customer STRING or null when nobody has it
// Index: identifier_uid
// TRICKY: a plain SET, as in apply/lock_people. Whoever gives an identifier to another customer writes relationships of its
// node and waits for this lock, so who has it stays true until the commit.
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
SET i.namespace = row.namespace
WITH i
RETURN i.uid AS uid, head([(i)<-[h:HAS WHERE h.to IS NULL]-(c:Customer) | c.id]) AS customer
