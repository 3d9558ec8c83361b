// Purpose: remove a row that has been dealt with, unless it was put aside again meanwhile.
// Mode: WRITE
// Param: id STRING
// Param: replayed_at INTEGER ms, as it was read; null when it was never sent again
// Column: deleted INTEGER
// Index: quarantined_id
MATCH (q:Quarantined {id: $id}) WHERE q.replayed_at = $replayed_at OR (q.replayed_at IS NULL AND $replayed_at IS NULL)
DELETE q
RETURN count(*) AS deleted
