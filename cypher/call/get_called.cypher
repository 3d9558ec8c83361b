// Purpose: What calls on identifiers said of their person: traits and consents.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Column: source STRING
// Column: at INT ms
// Column: traits STRING JSON
// Index: identifier_uid
// TRICKY: a browser sends its consent with every event: of equal ones the newest alone comes here.
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
CALL (i) {
  MATCH (i)-[d:CALLED]->(call:Call)
  WHERE call.traits IS NOT NULL
  RETURN call.source AS source, d.at AS at, call.traits AS traits
  UNION ALL
  MATCH (i)-[d:DID]->(e:Event)
  WHERE e.traits IS NOT NULL
  RETURN e.source AS source, max(d.at) AS at, e.traits AS traits
}
RETURN uid AS uid, source AS source, at AS at, traits AS traits
