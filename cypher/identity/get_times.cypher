// Purpose: When sets of identifiers were seen: the times of the calls that showed them.
// Mode: READ
// Param: rows LIST<MAP>: {centre uid, key STRING, first_at ms, last_at ms}
// Column: key STRING
// Column: times LIST<INT ms>
// Index: identifier_uid
// TRICKY: a call hangs on the strongest of its identifiers that takes part in links, which is the centre of its set.
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.centre})-[d:DID|CALLED]->(call)
WHERE d.at + 0 >= row.first_at AND d.at + 0 <= row.last_at AND call.evidence = row.key
RETURN row.key AS key, collect(DISTINCT d.at) AS times
