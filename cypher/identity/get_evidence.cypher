// Purpose: Where and when sets of identifiers were seen.
// Mode: READ
// Param: keys LIST<STRING>
// Column: key STRING
// Column: source STRING
// Column: first_at INT ms
// Column: last_at INT ms
// Column: count INT
// Index: evidence_key
UNWIND $keys AS key
MATCH (e:Evidence {key: key})
RETURN e.key AS key, e.source AS source, e.first_at AS first_at, e.last_at AS last_at, e.count AS count
