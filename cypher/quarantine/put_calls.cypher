// Purpose: Put calls aside that cannot be applied; the same call again replaces its record.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by id: {id, message_id, source, kind, reason, detail, at ms, sealed BYTES}
// Index: quarantined_id
UNWIND $rows AS row
MERGE (q:Quarantined {id: row.id})
SET q.message_id = row.message_id, q.source = row.source, q.kind = row.kind, q.reason = row.reason,
  q.detail = row.detail, q.at = row.at, q.sealed = row.sealed
