// Purpose: every segment's rule, for checks of references and cycles; deleted ones show as such.
// Mode: READ
// Column: key STRING
// Column: rule STRING JSON
// Column: status STRING
// Column: owner STRING or null
// Column: visibility STRING or null
// Column: shared LIST OF STRING or null
// Index: segment_key
MATCH (s:Segment) WHERE s.key >= ''
RETURN s.key AS key, s.rule AS rule, s.status AS status, s.owner AS owner, s.visibility AS visibility, s.shared AS shared
