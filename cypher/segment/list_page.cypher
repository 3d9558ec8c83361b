// Purpose: one keyset page of segments, by key.
// Mode: READ
// Param: after STRING, segments after this key; "" for the first page
// Param: search STRING, lower-case part of key or name; "" for all
// Param: count INTEGER
// Column: segment LIST [id, key, name, rule, version, status, as_of, last_error, progress, created_at, updated_at]
// Index: segment_key
MATCH (s:Segment)
WHERE s.key > $after AND s.status <> 'DELETING'
  AND ($search = '' OR toLower(s.key) CONTAINS $search OR toLower(s.name) CONTAINS $search)
WITH s ORDER BY s.key LIMIT $count
RETURN [s.id, s.key, s.name, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at] AS segment
