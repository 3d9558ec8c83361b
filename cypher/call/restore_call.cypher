// Purpose: Let a call that was taken back count again, on the strongest of its identifiers that takes part in links.
// Mode: WRITE
// Param: id STRING, of the call
// Column: uids LIST<STRING>, its identifiers
// Column: hung STRING, the one that it hangs on now
// Column: evidence STRING or null
// Index: event_id
// Index: call_id
// Index: identifier_uid
OPTIONAL MATCH (e:Event {id: $id})
OPTIONAL MATCH (c:Call {id: $id})
WITH coalesce(e, c) AS call
MATCH (old:Identifier)-[w:WITHDRAWN]->(call)
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
  CREATE (i)-[:CALLED {at: w.at}]->(call)
}
DELETE w
RETURN call.identifiers AS uids, i.uid AS hung, call.evidence AS evidence
