// Purpose: Put the identifiers of calls into a new order, and hang each call on the first that takes part in links.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, order LIST<STRING>, the strongest first}, of sets of identifiers
// Column: uid STRING, an identifier that lost or got a call
// Index: evidence_key
// Index: identifier_uid
UNWIND $rows AS row
MATCH (:Evidence {key: row.key})-[:SAW]->(old:Identifier)-[d:DID|CALLED|WITHDRAWN]->(call)
WHERE call.evidence = row.key
SET call.identifiers = row.order
WITH row, old, d, call
WHERE type(d) <> 'WITHDRAWN'
CALL (row) {
  UNWIND range(0, size(row.order) - 1) AS place
  MATCH (i:Identifier {uid: row.order[place]})
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
WITH collect(DISTINCT old.uid) + collect(DISTINCT i.uid) AS uids
UNWIND uids AS uid
RETURN DISTINCT uid AS uid
