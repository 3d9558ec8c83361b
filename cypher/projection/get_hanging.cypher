// Purpose: All events that hang on identifiers.
// Mode: READ
// Param: uids LIST<STRING>
// Column: events LIST<LIST>: [uid, name, at ms, id, properties BYTES or JSON]
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})-[d:DID]->(e:Event)
RETURN collect([i.uid, d.name, d.at, e.id, e.properties]) AS events
