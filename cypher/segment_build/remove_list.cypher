// Purpose: Forget the list of a segment that is being deleted, a part at a time.
// Mode: WRITE
// Param: key STRING
// Param: limit INTEGER, most identifiers
// Column: removed INTEGER
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.status = 'DELETING'
MATCH (s)<-[l:LISTED_IN]-(:Identifier)
WITH l LIMIT $limit
DELETE l
RETURN count(*) AS removed
