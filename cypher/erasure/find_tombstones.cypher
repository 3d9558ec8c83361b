// Purpose: Which keyed hashes are those of something that was erased, and when.
// Mode: READ
// Param: keys LIST<STRING>
// Column: key STRING
// Column: at INT ms
// Index: tombstone_key
UNWIND $keys AS key
MATCH (t:Tombstone {key: key})
RETURN t.key AS key, t.at AS at
