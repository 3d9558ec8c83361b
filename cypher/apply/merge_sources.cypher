// Purpose: Sources that calls came from.
// Mode: WRITE
// Param: keys LIST<STRING>
// Index: source_key
UNWIND $keys AS key
MERGE (:Source {key: key})
