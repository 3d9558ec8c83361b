// Purpose: Forget sets of identifiers.
// Mode: WRITE
// Param: keys LIST<STRING>, sorted
// Index: evidence_key
UNWIND $keys AS key
MATCH (e:Evidence {key: key})
DETACH DELETE e
