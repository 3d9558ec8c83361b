// Purpose: Of calls that a decision is about to give back, those that another decision takes back too are the other's from now on.
// Mode: WRITE
// Param: ids LIST<STRING>, of the calls
// Param: decision STRING, which stands no more
// Index: event_id
// Index: call_id
// Index: source_key
// TRICKY: `+ ''` keeps the planner off the index on subjects, which it would read whole.
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (c:Call {id: id})
WITH coalesce(e, c) AS call
MATCH (i:Identifier)-[w:WITHDRAWN]->(call)
WHERE w.decision = $decision
CALL (call, i) {
  MATCH (:Source {key: call.source})<-[:TAKES_BACK]-(d:Decision)
  WHERE d.active AND d.at >= call.received_at
  RETURN d.id AS other
  UNION
  MATCH (i)<-[:NAMES]-(d:Decision)
  WHERE d.active AND d.kind = 'REVOKE_CALL' AND d.subject + '' = call.id
  RETURN d.id AS other
}
WITH w, min(other) AS other
SET w.decision = other
