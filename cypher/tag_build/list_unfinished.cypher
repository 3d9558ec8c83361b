// Purpose: Tags that a job has to finish.
// Mode: READ
// Column: key STRING
// Column: version INTEGER
// Column: status STRING, BUILDING or DELETING
// Index: tag_key
MATCH (t:Tag)
WHERE t.key >= '' AND t.status IN ['BUILDING', 'DELETING']
RETURN t.key AS key, t.version AS version, t.status AS status
