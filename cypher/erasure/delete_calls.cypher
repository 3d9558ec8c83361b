// Purpose: Delete calls.
// Mode: WRITE
// Param: ids LIST<STRING>, sorted
// Index: event_id
// Index: call_id
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (c:Call {id: id})
WITH coalesce(e, c) AS call
DETACH DELETE call
