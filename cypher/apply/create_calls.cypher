// Purpose: Calls that are no events; their nodes stop a repeat.
// Mode: WRITE
// Param: rows LIST<MAP>: {id, kind, at ms, received_at ms, source}
UNWIND $rows AS row
CREATE (:Call {id: row.id, kind: row.kind, at: row.at, received_at: row.received_at, source: row.source})
