// Purpose: Remove a segment node that nothing hangs on any more. The write comes first: it waits for late members.
// Mode: WRITE
// Param: key STRING
// Column: removed INTEGER, 0 when there is still something, or no such segment
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.status = 'DELETING'
SET s.progress = 1.0
WITH s WHERE NOT EXISTS { (s)<-[:IN_SEGMENT|WAS_IN]-() }
DELETE s
RETURN count(*) AS removed
