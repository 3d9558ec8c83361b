// Purpose: A build failed; members and as_of stay as they are. No row when something newer has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: error STRING, without values of customers
// Column: version INTEGER
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.version = $version AND s.status = 'BUILDING'
SET s.status = 'FAILED', s.last_error = $error, s.result = null, s.result_count = null, s.result_as_of = null, s.result_version = null
RETURN s.version AS version
