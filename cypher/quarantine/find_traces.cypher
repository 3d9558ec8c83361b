// Purpose: what is known of calls: applied, put aside, or both.
// Mode: READ
// Param: ids LIST OF STRING, call ids
// Column: id STRING; ids without any trace are missing
// Column: applied BOOLEAN
// Index: event_id
// Index: call_id
// Index: quarantined_id
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (c:Call {id: id})
OPTIONAL MATCH (q:Quarantined {id: id})
WITH id, e IS NOT NULL OR c IS NOT NULL AS applied, q
WHERE applied OR q IS NOT NULL
RETURN id AS id, applied AS applied
