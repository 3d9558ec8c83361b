// Purpose: What a build found, before it is in the graph; no row when a newer version or a deletion has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: result STRING, its name in the columnar store
// Param: count INTEGER, customers
// Param: as_of INTEGER, ms since 1970 UTC
// Column: version INTEGER
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.version = $version AND s.status = 'BUILDING'
SET s.result = $result, s.result_count = $count, s.result_as_of = $as_of, s.result_version = $version
RETURN s.version AS version
