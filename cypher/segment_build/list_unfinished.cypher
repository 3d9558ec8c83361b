// Purpose: Segments that a job has to finish.
// Mode: READ
// Column: key STRING
// Column: version INTEGER
// Column: status STRING, BUILDING or DELETING
// Index: segment_key
MATCH (s:Segment)
WHERE s.key IS NOT NULL AND s.status IN ['BUILDING', 'DELETING']
RETURN s.key AS key, s.version AS version, s.status AS status
