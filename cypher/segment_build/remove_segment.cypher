// Purpose: Remove a segment node that nobody hangs on any more, with its versions, its maintenance record, its last use, and as a favourite. The write comes first: it waits for late members.
// Mode: WRITE
// Param: key STRING
// Column: removed INTEGER, 0 when there is still something, or no such segment
// Index: segment_key
// Index: maintenance_record
// Index: last_use
MATCH (s:Segment {key: $key}) WHERE s.status = 'DELETING'
SET s.progress = 1.0
WITH s WHERE NOT EXISTS { (s)<-[:IN_SEGMENT|WAS_IN|LISTED_IN]-() }
CALL (s) {
  MATCH (s)<-[of:VERSION_OF]-(v:SegmentVersion)
  DELETE of, v
}
CALL (s) {
  MATCH (r:MaintenanceRecord) WHERE r.of = s.id AND r.number > 0
  DELETE r
}
CALL (s) {
  MATCH (u:LastUse {of: s.id})
  DELETE u
}
CALL (s) {
  MATCH (s)<-[f:FAVOURS]-(:Favourites)
  DELETE f
}
DELETE s
RETURN count(*) AS removed
