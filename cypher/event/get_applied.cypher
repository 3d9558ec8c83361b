// Purpose: what became of calls: applied (as event or call) or put aside.
// Mode: READ
// Param: ids LIST OF STRING, call ids
// Column: id STRING; ids without any trace are missing
// Column: reason STRING|null, why it is in the quarantine; null when it was applied
// Index: event_id
// Index: call_id
// Index: quarantined_id
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (c:Call {id: id})
OPTIONAL MATCH (q:Quarantined {id: id})
WITH id, coalesce(e.id, c.id) AS applied, q
WHERE applied IS NOT NULL OR q IS NOT NULL
RETURN id AS id, CASE WHEN applied IS NULL THEN q.reason END AS reason
