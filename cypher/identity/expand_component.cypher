// Purpose: One step of the walk over evidence: from identifiers to every set that saw them, with all its members.
// Mode: READ
// Param: uids LIST<STRING>
// Column: key STRING
// Column: first_at INT ms
// Column: last_at INT ms
// Column: members LIST<MAP>: {uid, namespace, status, first_seen ms, verified, customer or null}
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:SAW]-(e:Evidence)
WITH DISTINCT e
CALL (e) {
  MATCH (e)-[s:SAW]->(i:Identifier)
  OPTIONAL MATCH (i)<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
  RETURN collect({uid: i.uid, namespace: i.namespace, status: i.status, first_seen: i.first_seen,
    verified: s.verified, customer: c.id}) AS members
}
RETURN e.key AS key, e.first_at AS first_at, e.last_at AS last_at, members AS members
