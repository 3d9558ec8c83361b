// Purpose: keys of the segments and tags that not everybody may see.
// Mode: READ
// Column: what STRING, TAG or SEGMENT
// Column: key STRING
// Index: segment_visibility
// Index: tag_visibility
MATCH (s:Segment) WHERE s.visibility >= ''
RETURN 'SEGMENT' AS what, s.key AS key
UNION ALL
MATCH (t:Tag) WHERE t.visibility >= ''
RETURN 'TAG' AS what, t.key AS key
