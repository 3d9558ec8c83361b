// Purpose: every segment's rule, for checks of references and cycles; deleted ones show as such.
// Mode: READ
// Column: key STRING
// Column: rule STRING JSON
// Column: status STRING
// Index: segment_key
MATCH (s:Segment) WHERE s.key >= ''
RETURN s.key AS key, s.rule AS rule, s.status AS status
