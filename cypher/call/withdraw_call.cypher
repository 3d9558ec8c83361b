// Purpose: Take a call back: it no longer hangs on its identifier.
// Mode: WRITE
// Param: id STRING, of the call
// Param: decision STRING
// Column: uids LIST<STRING>, its identifiers
// Column: hung STRING, the one that it hung on
// Column: evidence STRING or null
// Index: event_id
// Index: call_id
OPTIONAL MATCH (e:Event {id: $id})
OPTIONAL MATCH (c:Call {id: $id})
WITH coalesce(e, c) AS call
MATCH (i:Identifier)-[d:DID|CALLED]->(call)
CREATE (i)-[:WITHDRAWN {was: type(d), name: d.name, at: d.at, starts_at: d.starts_at, decision: $decision}]->(call)
DELETE d
RETURN call.identifiers AS uids, i.uid AS hung, call.evidence AS evidence
