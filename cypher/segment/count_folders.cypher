// Purpose: folders that hold segments themselves, and how many of them.
// Mode: READ
// Param: viewer LIST OF STRING or null: id of who asks, and the grants that let them see something; null sees all
// Param: count INTEGER, folders at most
// Column: path STRING, ascending; "" for segments in none
// Column: segments INTEGER
// Index: segment_key
MATCH (s:Segment) WHERE s.key >= '' AND s.status <> 'DELETING'
  AND ($viewer IS NULL OR s.visibility IS NULL OR s.owner IN $viewer OR any(each IN s.shared WHERE each IN $viewer))
WITH s.folder AS path, count(*) AS segments ORDER BY path LIMIT $count
RETURN path AS path, segments AS segments
