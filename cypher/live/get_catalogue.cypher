// Purpose: All rules that are evaluated live: those of archived segments are not.
// Mode: READ
// Column: key STRING
// Column: version INT
// Column: rule STRING JSON
// Column: status STRING
// Index: segment_key
MATCH (s:Segment)
WHERE s.key IS NOT NULL AND NOT s.status IN ['DELETING', 'OFFLINE'] AND s.rule IS NOT NULL
RETURN s.key AS key, s.version AS version, s.rule AS rule, s.status AS status
ORDER BY key
