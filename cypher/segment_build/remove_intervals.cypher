// Purpose: Forget who was in a segment that is being deleted, a part at a time.
// Mode: WRITE
// Param: key STRING
// Param: limit INTEGER, most intervals
// Column: removed INTEGER
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.status = 'DELETING'
MATCH (s)<-[w:WAS_IN]-(:Customer)
WITH w LIMIT $limit
DELETE w
RETURN count(*) AS removed
