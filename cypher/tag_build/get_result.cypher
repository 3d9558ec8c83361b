// Purpose: What the build under way found, which is not in the graph yet; no row where there is none.
// Mode: READ
// Param: key STRING
// Column: name STRING, in the columnar store
// Column: count INTEGER, customers with a value
// Column: as_of_ms INTEGER, ms since 1970 UTC
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.status = 'BUILDING' AND t.result_version = t.version
RETURN t.result AS name, t.result_count AS count, t.result_as_of AS as_of_ms
