// Purpose: Which of these calls took effect already.
// Mode: READ
// Param: ids LIST<STRING>, ids of calls
// Column: ids LIST<STRING>
// Index: event_id
// Index: call_id
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (c:Call {id: id})
WITH id, e, c
WHERE e IS NOT NULL OR c IS NOT NULL
RETURN collect(id) AS ids
