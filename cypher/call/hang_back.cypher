// Purpose: Hang calls on identifiers that take part in links again, where these are stronger than what the calls hang on.
// Mode: WRITE
// Param: uids LIST<STRING>, sorted
// Column: from_uid STRING
// Column: to_uid STRING
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:SAW]-(e:Evidence)-[:SAW]->(weaker:Identifier)
WHERE weaker.uid <> uid
WITH DISTINCT uid, weaker
MATCH (weaker)-[d:DID|CALLED]->(call)
WHERE uid IN call.identifiers
CALL (call) {
  UNWIND range(0, size(call.identifiers) - 1) AS place
  MATCH (i:Identifier {uid: call.identifiers[place]})
  WHERE i.status = 'ACTIVE'
  RETURN i ORDER BY place LIMIT 1
}
// A call may name several of them.
WITH DISTINCT weaker, d, call, i
WHERE i <> weaker
CALL (d, call, i) {
  WITH d, call, i WHERE type(d) = 'DID'
  CREATE (i)-[:DID {name: d.name, at: d.at, starts_at: d.starts_at}]->(call)
}
CALL (d, call, i) {
  WITH d, call, i WHERE type(d) = 'CALLED'
  CREATE (i)-[:CALLED {at: d.at, group: d.group}]->(call)
}
DELETE d
RETURN DISTINCT weaker.uid AS from_uid, i.uid AS to_uid
