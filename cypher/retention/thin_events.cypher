// Purpose: Leave of events only that there was a call: whom it showed together, and what it said of consents.
// Mode: WRITE
// Param: ids LIST<STRING>
// Param: before INT ms
// Column: count INT
// Index: event_id
// TRICKY: as a call that is no event it still stops a repeat and still counts as evidence: nobody becomes two persons
// since what they did is too old.
UNWIND $ids AS id
MATCH (e:Event {id: id})
MATCH (i:Identifier)-[d:DID]->(e)
WHERE d.at < $before
WITH e, i, d, d.at AS at
CREATE (i)-[:CALLED {at: at}]->(e)
DELETE d
REMOVE e:Event
SET e = {id: e.id, kind: 'event', at: at, received_at: e.received_at, source: e.source, identifiers: e.identifiers,
  evidence: e.evidence, traits: e.traits, said: e.said}
SET e:Call
RETURN count(*) AS count
