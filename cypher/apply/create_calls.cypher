// Purpose: Calls that are no events; their nodes stop a repeat.
// Mode: WRITE
// Param: rows LIST<MAP>: {id, kind, at ms, received_at ms, source, context JSON or null, extra JSON or null, blocked BYTES or null}
// Column: created INT, less than there are rows when an event has one of the ids
// Index: event_id
UNWIND $rows AS row
WITH row WHERE NOT EXISTS { (:Event {id: row.id}) }
CREATE (:Call {id: row.id, kind: row.kind, at: row.at, received_at: row.received_at, source: row.source,
  context: row.context, extra: row.extra, blocked: row.blocked})
RETURN count(*) AS created
