// Purpose: segments that not everybody may see, those included that are being deleted or are gone.
// Mode: READ
// Column: key STRING
// Column: owner STRING or null; null of one that is gone
// Column: visibility STRING or null; null of one that is gone
// Column: shared LIST OF STRING or null
// Index: segment_visibility
// Index: closed_key
// Index: segment_key
MATCH (s:Segment) WHERE s.visibility >= ''
RETURN s.key AS key, s.owner AS owner, s.visibility AS visibility, s.shared AS shared
UNION ALL
MATCH (k:ClosedKey) WHERE k.key >= '' AND NOT EXISTS { (s:Segment {key: k.key}) }
RETURN k.key AS key, null AS owner, null AS visibility, null AS shared
