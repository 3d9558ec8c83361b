// Purpose: Hang what was done by way of identifiers that no longer take part in links on the strongest one that does, else on the strongest shared one.
// Mode: WRITE
// Param: uids LIST<STRING>, sorted
// Column: uid STRING, of an identifier that got something
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (old:Identifier {uid: uid})-[d:DID|CALLED]->(call)
WHERE size(call.identifiers) > 1
CALL (call) {
  UNWIND range(0, size(call.identifiers) - 1) AS place
  MATCH (i:Identifier {uid: call.identifiers[place]})
  WHERE i.status <> 'BLOCKED'
  RETURN i ORDER BY CASE i.status WHEN 'ACTIVE' THEN 0 ELSE 1 END, place LIMIT 1
}
WITH old, d, call, i
WHERE i <> old
CALL (d, call, i) {
  WITH d, call, i WHERE type(d) = 'DID'
  CREATE (i)-[:DID {name: d.name, at: d.at, starts_at: d.starts_at}]->(call)
}
CALL (d, call, i) {
  WITH d, call, i WHERE type(d) = 'CALLED'
  CREATE (i)-[:CALLED {at: d.at, group: d.group}]->(call)
}
DELETE d
RETURN DISTINCT i.uid AS uid
