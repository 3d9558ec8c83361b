// Purpose: Identifiers as a walk over evidence shows them.
// Mode: READ
// Param: uids LIST<STRING>
// Column: members LIST<LIST>: [uid, namespace, status, first_seen ms, decided BOOLEAN, null, holds LIST<LIST>: [from ms, to ms or null, via uid or null when it is its own, customer]]
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
RETURN collect([i.uid, i.namespace, i.status, i.first_seen, coalesce(i.decided, false), null,
  [(i)<-[h:HAS]-(c:Customer) | [h.from, h.to, h.via, c.id]]]) AS members
