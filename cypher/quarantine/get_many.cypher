// Purpose: rows of the quarantine with their sealed calls; ids without one are missing.
// Mode: READ
// Param: ids LIST OF STRING
// Column: row LIST [id, message_id, source, kind, reason, detail, at, replayed_at, times]
// Column: sealed BYTES
// Index: quarantined_id
UNWIND $ids AS id
MATCH (q:Quarantined {id: id})
RETURN [q.id, q.message_id, q.source, q.kind, q.reason, q.detail, q.at, q.replayed_at, q.times] AS row, q.sealed AS sealed
