// Purpose: One step of the walk over evidence: from identifiers to every set that saw them, with all its members.
// Mode: READ
// Param: uids LIST<STRING>
// Column: key STRING
// Column: first_at INT ms
// Column: last_at INT ms
// Column: count INT
// Column: members LIST<LIST>: [uid, namespace, status, first_seen ms, decided BOOLEAN, verified, holds LIST<LIST>: [from ms, to ms or null, via uid, customer], number of sets that saw it INT]
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:SAW]-(e:Evidence)
WITH DISTINCT e
WHERE e.count > 0
CALL (e) {
  MATCH (e)-[s:SAW]->(i:Identifier)
  RETURN collect([i.uid, i.namespace, i.status, i.first_seen, coalesce(i.decided, false), s.verified,
    [(i)<-[h:HAS]-(c:Customer) | [h.from, h.to, h.via, c.id]], COUNT { (i)<-[:SAW]-() }]) AS members
}
RETURN e.key AS key, e.first_at AS first_at, e.last_at AS last_at, e.count AS count, members AS members
