// Purpose: What the build under way found, which is not in the graph yet; no row where there is none.
// Mode: READ
// Param: key STRING
// Column: name STRING, in the columnar store
// Column: count INTEGER, customers
// Column: as_of_ms INTEGER, ms since 1970 UTC
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.status = 'BUILDING' AND s.result_version = s.version
RETURN s.result AS name, s.result_count AS count, s.result_as_of AS as_of_ms
