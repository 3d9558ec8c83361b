// Purpose: Let calls that a decision took back count again, each on the strongest of its identifiers that takes part in links.
// Mode: WRITE
// Param: ids LIST<STRING>, of the calls
// Param: decision STRING
// Column: count INT, of calls that it had taken back
// Column: hung LIST<STRING>, the identifiers that they hang on now
// Column: evidence LIST<STRING>
// Index: event_id
// Index: call_id
// Index: identifier_uid
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (c:Call {id: id})
WITH coalesce(e, c) AS call
MATCH (old:Identifier)-[w:WITHDRAWN]->(call)
WHERE w.decision = $decision
CALL (call) {
  UNWIND range(0, size(call.identifiers) - 1) AS place
  MATCH (i:Identifier {uid: call.identifiers[place]})
  WHERE i.status <> 'BLOCKED'
  WITH i ORDER BY CASE i.status WHEN 'ACTIVE' THEN 0 ELSE 1 END, place LIMIT 1
  RETURN collect(i) AS usable
}
WITH call, w, coalesce(usable[0], old) AS i
CALL (w, call, i) {
  WITH w, call, i WHERE w.was = 'DID'
  CREATE (i)-[:DID {name: w.name, at: w.at, starts_at: w.starts_at}]->(call)
}
CALL (w, call, i) {
  WITH w, call, i WHERE w.was = 'CALLED'
  CREATE (i)-[:CALLED {at: w.at, group: w.group}]->(call)
}
DELETE w
RETURN count(*) AS count, collect(DISTINCT i.uid) AS hung, collect(DISTINCT call.evidence) AS evidence
