// Purpose: The traits that calls on identifiers gave, to take some out.
// Mode: READ
// Param: uids LIST<STRING>
// Column: id STRING, of the call
// Column: uid STRING
// Column: source STRING
// Column: at INT ms
// Column: traits BYTES or JSON
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})-[d:CALLED]->(call:Call)
WHERE call.traits IS NOT NULL
RETURN call.id AS id, uid AS uid, call.source AS source, d.at AS at, call.traits AS traits
