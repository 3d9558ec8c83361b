// Purpose: Calls of a source on identifiers: those that count, or those that a decision has taken back.
// Mode: READ
// Param: uids LIST<STRING>
// Param: source STRING
// Param: until INT ms, received up to then
// Param: decision STRING or null: then those that count
// Param: count INT
// Column: uid STRING, in the order of the uids
// Column: id STRING
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})-[d:DID|CALLED|WITHDRAWN]->(call)
WHERE call.source = $source AND call.received_at <= $until
  AND (d.decision = $decision OR ($decision IS NULL AND type(d) <> 'WITHDRAWN'))
RETURN uid AS uid, call.id AS id
LIMIT $count
