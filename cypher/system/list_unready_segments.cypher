// Purpose: Segments that are not live, at most 50, with what their last build said.
// Mode: READ
// Column: key STRING
// Column: status STRING
// Column: progress FLOAT
// Column: last_error STRING
// Index: segment_key
MATCH (s:Segment) WHERE s.key >= '' AND s.status <> 'LIVE'
RETURN s.key AS key, s.status AS status, s.progress AS progress, s.last_error AS last_error
ORDER BY s.key LIMIT 50
