// Purpose: Events, each on its strongest identifier.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, id, name, at ms, received_at ms, source, properties JSON, identifiers LIST<STRING>, context JSON or null, extra JSON or null, blocked BYTES or null, starts_at ms or null when its time had come}
// Column: created INT, less than there are rows when a call that is no event has one of the ids
// Index: identifier_uid
// Index: call_id
UNWIND $rows AS row
WITH row WHERE NOT EXISTS { (:Call {id: row.id}) }
MATCH (i:Identifier {uid: row.uid})
CREATE (i)-[:DID {name: row.name, at: row.at, starts_at: row.starts_at}]->(:Event {
  id: row.id, name: row.name, at: row.at, received_at: row.received_at, source: row.source,
  properties: row.properties, identifiers: row.identifiers, context: row.context, extra: row.extra, blocked: row.blocked})
RETURN count(*) AS created
