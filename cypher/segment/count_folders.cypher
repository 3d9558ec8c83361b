// Purpose: folders that hold segments themselves, and how many of them.
// Mode: READ
// Param: count INTEGER, folders at most
// Column: path STRING, ascending; "" for segments in none
// Column: segments INTEGER
// Index: segment_key
MATCH (s:Segment) WHERE s.key >= '' AND s.status <> 'DELETING'
WITH s.folder AS path, count(*) AS segments ORDER BY path LIMIT $count
RETURN path AS path, segments AS segments
