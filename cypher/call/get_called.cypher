// Purpose: What calls on identifiers said of their person: traits and consents.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Column: id STRING, of the call or event
// Column: source STRING
// Column: at INT ms
// Column: traits BYTES
// Index: identifier_uid
// TRICKY: a browser sends its consent with every event: of equal ones the newest alone comes here.
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
CALL (i) {
  MATCH (i)-[d:CALLED]->(call:Call)
  WHERE call.traits IS NOT NULL
  RETURN call.id AS id, call.source AS source, d.at AS at, call.traits AS traits
  UNION ALL
  MATCH (i)-[d:DID]->(e:Event)
  WHERE e.traits IS NOT NULL
  WITH e.said AS said, e.source AS source, max(d.at) AS at, collect(e)[0] AS one
  RETURN one.id AS id, source AS source, at AS at, one.traits AS traits
}
RETURN uid AS uid, id AS id, source AS source, at AS at, traits AS traits
