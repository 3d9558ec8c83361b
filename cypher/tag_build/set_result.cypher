// Purpose: What a build found, before it is in the graph; no row when something newer has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: result STRING, its name in the columnar store
// Param: count INTEGER, customers with a value
// Param: as_of INTEGER, ms since 1970 UTC
// Column: version INTEGER
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.version = $version AND t.status = 'BUILDING'
SET t.result = $result, t.result_count = $count, t.result_as_of = $as_of, t.result_version = $version
RETURN t.version AS version
