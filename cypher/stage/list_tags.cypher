// Purpose: Tags that have stages.
// Mode: READ
// Column: key STRING
// Index: tag_key
MATCH (t:Tag)
WHERE t.key >= '' AND t.kind = 'LIFECYCLE'
RETURN t.key AS key
