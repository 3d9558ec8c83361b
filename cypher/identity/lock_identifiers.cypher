// Purpose: Lock identifiers in the order of the rows; create those that nobody has seen yet.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, namespace, cipher BYTES or null, last_four STRING or null}
// Param: now INT ms
// Column: members LIST<LIST>: [uid, namespace, status, first_seen ms, decided BOOLEAN, null, holds LIST<LIST>: [from ms, to ms or null, via uid or null when it is its own, customer]]
// Index: identifier_uid
// TRICKY: a plain SET, as in apply/lock_people.
UNWIND $rows AS row
MERGE (i:Identifier {uid: row.uid})
ON CREATE SET i.namespace = row.namespace, i.status = 'ACTIVE', i.first_seen = $now, i.last_seen = $now,
  i.cipher = row.cipher, i.last_four = row.last_four
ON MATCH SET i.namespace = row.namespace
WITH i
RETURN collect([i.uid, i.namespace, i.status, i.first_seen, coalesce(i.decided, false), null,
  [(i)<-[h:HAS]-(c:Customer) | [h.from, h.to, h.via, c.id]]]) AS members
