// Purpose: Create what is new, take the write lock of every identifier in the order of the rows, tell its owner.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, namespace, first_at ms, last_at ms, cipher BYTES}
// Column: locked LIST<LIST>: [uid, status, first_seen ms, customer or null when this transaction created it]
// Index: identifier_uid
// TRICKY: the plain SET of an unchanged value takes the node's lock and keeps it. A SET that reads what it writes first
// takes a lock on a dense node's relationship groups, and gives that one back while it keeps the node's: writers that
// meet there in opposite orders deadlock. Behind the plain SET they queue.
UNWIND $rows AS row
MERGE (i:Identifier {uid: row.uid})
ON CREATE SET i.namespace = row.namespace, i.status = 'ACTIVE', i.first_seen = row.first_at, i.last_seen = row.last_at,
  i.cipher = row.cipher
ON MATCH SET i.namespace = row.namespace
WITH i, row
SET i.first_seen = CASE WHEN row.first_at < i.first_seen THEN row.first_at ELSE i.first_seen END,
  i.last_seen = CASE WHEN row.last_at > i.last_seen THEN row.last_at ELSE i.last_seen END
WITH i
OPTIONAL MATCH (i)<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
RETURN collect([i.uid, i.status, i.first_seen, c.id]) AS locked
