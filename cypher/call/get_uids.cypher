// Purpose: The identifiers of calls, to lock them.
// Mode: READ
// Param: ids LIST<STRING>, of the calls
// Column: uids LIST<STRING>, each once
// Index: event_id
// Index: call_id
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (c:Call {id: id})
UNWIND coalesce(e, c).identifiers AS uid
RETURN collect(DISTINCT uid) AS uids
