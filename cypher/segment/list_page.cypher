// Purpose: one keyset page of segments, by key.
// Mode: READ
// Param: after STRING, segments after this key; "" for the first page
// Param: search STRING, lower-case part of key or name; "" for all
// Param: folder STRING, those in it or below; "" for all
// Param: archived BOOLEAN or null, only those that are, or are not; null for both
// Param: only LIST OF STRING or null, of these ids; null for all
// Param: viewer LIST OF STRING or null: id of who asks, and the grants that let them see something; null sees all
// Param: count INTEGER
// Column: segment LIST [id, key, name, folder, description, rule, version, status, as_of, last_error, progress, created_at, updated_at, owner, visibility, shared]
// Index: segment_key
MATCH (s:Segment)
WHERE s.key > $after AND s.status <> 'DELETING'
  AND ($search = '' OR toLower(s.key) CONTAINS $search OR toLower(s.name) CONTAINS $search)
  AND ($folder = '' OR s.folder = $folder OR s.folder STARTS WITH $folder + '/')
  AND ($only IS NULL OR s.id IN $only)
  AND ($viewer IS NULL OR s.visibility IS NULL OR s.owner IN $viewer OR any(each IN s.shared WHERE each IN $viewer))
  AND ($archived IS NULL OR $archived = (s.status = 'OFFLINE'))
WITH s ORDER BY s.key LIMIT $count
RETURN [s.id, s.key, s.name, s.folder, s.description, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at, s.owner, s.visibility, s.shared] AS segment
