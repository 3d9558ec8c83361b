// Purpose: Create the identifiers that are new, lock all of them in the order of the rows, then lock by id the customers to whom something at these times belongs.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, namespace, first_at ms, last_at ms, cipher BYTES, last_four STRING or null}
// Param: graves LIST<STRING>, keyed hashes of the identifiers and of the calls that name them
// Param: now INT ms
// Column: identifiers LIST<LIST>: [uid, status, first_seen ms, decided BOOLEAN, holds LIST<LIST>: [from ms, to ms or null, via uid or null when it is its own, customer], when it was seen last before ms]; no holds when this transaction created it
// Column: customers LIST<LIST>: [id, version after counting]
// Column: erased LIST<LIST>: [key, at ms], those of the keyed hashes that are of something erased
// Index: identifier_uid
// Index: customer_id
// Index: tombstone_key
// TRICKY: the plain SET of an unchanged value takes the node's lock and keeps it. A SET that reads what it writes first
// takes a lock on a dense node's relationship groups, and gives that one back while it keeps the node's: writers that
// meet there in opposite orders deadlock. Behind the plain SET they queue.
UNWIND $rows AS row
MERGE (i:Identifier {uid: row.uid})
ON CREATE SET i.namespace = row.namespace, i.status = 'ACTIVE', i.first_seen = row.first_at, i.last_seen = row.last_at,
  i.cipher = row.cipher, i.last_four = row.last_four
ON MATCH SET i.namespace = row.namespace
WITH i, row, [(i)<-[h:HAS]-(c:Customer) | [h.from, h.to, h.via, c.id]] AS holds
// One that nobody has is new, or has the times of calls that were taken back.
WITH i, row, holds, i.last_seen AS seen_until, i.status = 'ACTIVE' AND size(holds) = 0 AS unseen
SET i.first_seen = CASE WHEN unseen OR row.first_at < i.first_seen THEN row.first_at ELSE i.first_seen END,
  i.last_seen = CASE WHEN unseen OR row.last_at > i.last_seen THEN row.last_at ELSE i.last_seen END
WITH collect([i.uid, i.status, i.first_seen, coalesce(i.decided, false), holds, seen_until]) AS identifiers,
  collect([hold IN holds WHERE hold[1] IS NULL OR hold[1] > row.first_at | hold[3]]) AS owners
CALL (owners) {
  UNWIND owners AS some
  UNWIND some AS id
  WITH DISTINCT id ORDER BY id
  MATCH (c:Customer {id: id})
  SET c.updated_at = $now
  WITH c
  SET c.version = c.version + 1
  RETURN collect([c.id, c.version]) AS customers
}
// Behind the locks: whoever erased one of them before has committed.
CALL (identifiers) {
  UNWIND $graves AS key
  MATCH (t:Tombstone {key: key})
  RETURN collect([t.key, t.at]) AS erased
}
RETURN identifiers AS identifiers, customers AS customers, erased AS erased
