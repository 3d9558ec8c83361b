// Purpose: Remember under keyed hashes what was erased, and when: input from before does not bring it back.
// Mode: WRITE
// Param: keys LIST<STRING>, sorted
// Param: at INT ms
// Index: tombstone_key
UNWIND $keys AS key
MERGE (t:Tombstone {key: key})
SET t.at = $at
