// Purpose: put calls aside, or replace what was put aside under the same call id before.
// Mode: WRITE
// Param: rows LIST OF MAP {id, message_id, source, kind, reason, detail STRING, at INTEGER ms, sealed BYTES}, sorted by id
// Index: quarantined_id
UNWIND $rows AS row
MERGE (q:Quarantined {id: row.id})
SET q.message_id = row.message_id, q.source = row.source, q.kind = row.kind, q.reason = row.reason, q.detail = row.detail, q.at = row.at, q.sealed = row.sealed, q.replayed_at = null, q.times = coalesce(q.times, 0) + 1
