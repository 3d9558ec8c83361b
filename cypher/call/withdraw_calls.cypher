// Purpose: Take calls back: they no longer hang on their identifiers.
// Mode: WRITE
// Param: ids LIST<STRING>, of the calls
// Param: decision STRING
// Column: count INT, of calls that hung somewhere
// Column: hung LIST<STRING>, the identifiers that they hung on
// Column: evidence LIST<STRING>
// Index: event_id
// Index: call_id
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (c:Call {id: id})
WITH coalesce(e, c) AS call
MATCH (i:Identifier)-[d:DID|CALLED]->(call)
CREATE (i)-[:WITHDRAWN {was: type(d), name: d.name, at: d.at, starts_at: d.starts_at, group: d.group,
  decision: $decision}]->(call)
DELETE d
RETURN count(*) AS count, collect(DISTINCT i.uid) AS hung, collect(DISTINCT call.evidence) AS evidence
