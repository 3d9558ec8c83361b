// Purpose: Remove a segment node that nobody hangs on any more, with its versions. The write comes first: it waits for late members.
// Mode: WRITE
// Param: key STRING
// Column: removed INTEGER, 0 when there is still something, or no such segment
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.status = 'DELETING'
SET s.progress = 1.0
WITH s WHERE NOT EXISTS { (s)<-[:IN_SEGMENT|WAS_IN|LISTED_IN]-() }
CALL (s) {
  MATCH (s)<-[of:VERSION_OF]-(v:SegmentVersion)
  DELETE of, v
}
DELETE s
RETURN count(*) AS removed
