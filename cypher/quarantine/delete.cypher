// Purpose: remove a row that has been dealt with, unless it was put aside again meanwhile.
// Mode: WRITE
// Param: id STRING
// Param: replayed_at INTEGER ms, as it was read
// Column: deleted INTEGER
// Index: quarantined_id
MATCH (q:Quarantined {id: $id}) WHERE q.replayed_at = $replayed_at
DELETE q
RETURN count(*) AS deleted
