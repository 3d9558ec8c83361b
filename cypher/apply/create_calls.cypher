// Purpose: Calls that are no events, on their identifiers; their nodes stop a repeat and hold the traits as they came.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, id, kind, at ms, received_at ms, source, traits BYTES or null, said STRING or null when it says nothing of consents, group STRING or null, group_traits BYTES or null, identifiers LIST<STRING>, evidence STRING or null, context BYTES or null, extra BYTES or null, blocked BYTES or null}
// Column: created INT, less than there are rows when an event has one of the ids
// Index: event_id
// Index: identifier_uid
UNWIND $rows AS row
WITH row WHERE NOT EXISTS { (:Event {id: row.id}) }
MATCH (i:Identifier {uid: row.uid})
CREATE (i)-[:CALLED {at: row.at, group: row.group}]->(:Call {id: row.id, kind: row.kind, at: row.at,
  received_at: row.received_at, source: row.source, traits: row.traits, said: row.said, group_traits: row.group_traits,
  identifiers: row.identifiers, evidence: row.evidence, context: row.context, extra: row.extra, blocked: row.blocked})
RETURN count(*) AS created
