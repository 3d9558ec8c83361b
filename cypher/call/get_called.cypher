// Purpose: The traits that calls on identifiers gave.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Column: id STRING, of the call
// Column: source STRING
// Column: at INT ms
// Column: traits BYTES
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})-[d:CALLED]->(call:Call)
WHERE call.traits IS NOT NULL
RETURN uid AS uid, call.id AS id, call.source AS source, d.at AS at, call.traits AS traits
