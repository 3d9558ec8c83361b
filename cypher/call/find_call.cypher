// Purpose: The identifiers of a call, to lock them.
// Mode: READ
// Param: id STRING, of the call
// Column: uids LIST<STRING>
// Column: source STRING
// Column: withdrawn BOOLEAN
// Index: event_id
// Index: call_id
OPTIONAL MATCH (e:Event {id: $id})
OPTIONAL MATCH (c:Call {id: $id})
WITH coalesce(e, c) AS call
WHERE call IS NOT NULL
RETURN call.identifiers AS uids, call.source AS source, EXISTS { (:Identifier)-[:WITHDRAWN]->(call) } AS withdrawn
