// Purpose: One step of the walk over evidence: from identifiers to every set that saw them, and all members of these sets.
// Mode: READ
// Param: uids LIST<STRING>
// Param: with_links BOOLEAN
// Column: sets LIST<LIST>: [key, first_at ms, last_at ms, count INT, members LIST<LIST>: [uid, verified]]
// Column: identifiers LIST<LIST>, each member once: [uid, namespace, status, first_seen ms, decided BOOLEAN, number of sets that saw it INT, holds LIST<LIST>: [from ms, to ms or null, via uid or null when it is its own, customer], links LIST<LIST>: [b uid, status, reason or null, number of sets INT, blocking LIST<STRING> or null], those stored from it to others]
// Index: identifier_uid
// TRICKY: a member number is in a thousand sets; described in each of them, a step took three times as long.
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:SAW]-(e:Evidence)
WITH DISTINCT e
WHERE e.count > 0
CALL (e) {
  MATCH (e)-[s:SAW]->(i:Identifier)
  RETURN collect([i.uid, s.verified]) AS members, collect(i) AS seen
}
WITH collect([e.key, e.first_at, e.last_at, e.count, members]) AS sets, collect(seen) AS each
CALL (each) {
  UNWIND each AS seen
  UNWIND seen AS i
  WITH DISTINCT i
  RETURN collect([i.uid, i.namespace, i.status, i.first_seen, coalesce(i.decided, false), COUNT { (i)<-[:SAW]-() },
    [(i)<-[h:HAS]-(c:Customer) | [h.from, h.to, h.via, c.id]],
    [(i)-[l:LINKED]->(b:Identifier) WHERE $with_links | [b.uid, l.status, l.reason, l.count, l.blocking]]]) AS identifiers
}
RETURN sets AS sets, identifiers AS identifiers
