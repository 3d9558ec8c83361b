// Purpose: note that a row is about to be sent again.
// Mode: WRITE
// Param: id STRING
// Param: now_ms INTEGER
// Index: quarantined_id
MATCH (q:Quarantined {id: $id})
SET q.replayed_at = $now_ms
