// Purpose: Events by id, with the identifier that each hangs on; those that were taken back are missing.
// Mode: READ
// Param: ids LIST<STRING>
// Column: events LIST<LIST>: [uid, name, at ms, id, properties BYTES or JSON]
// Index: event_id
UNWIND $ids AS id
MATCH (e:Event {id: id})<-[d:DID]-(i:Identifier)
RETURN collect([i.uid, d.name, d.at, e.id, e.properties]) AS events
