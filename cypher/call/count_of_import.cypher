// Purpose: How many calls of a source hang on identifiers, and on whose: those that count, or those that a decision has taken back.
// Mode: READ
// Param: uids LIST<STRING>
// Param: source STRING
// Param: until INT ms, received up to then
// Param: decision STRING or null: then those that count
// Column: calls INT
// Column: identifiers INT
// Column: customers LIST<STRING>, who have the identifiers now
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})-[d:DID|CALLED|WITHDRAWN]->(call)
WHERE call.source = $source AND call.received_at <= $until
  AND (d.decision = $decision OR ($decision IS NULL AND type(d) <> 'WITHDRAWN'))
WITH i, count(*) AS calls
OPTIONAL MATCH (i)<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
RETURN sum(calls) AS calls, count(DISTINCT i) AS identifiers, collect(DISTINCT c.id) AS customers
