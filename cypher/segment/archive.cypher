// Purpose: a segment is no longer kept up to date; its members stay as they are.
// Mode: WRITE
// Param: key STRING
// Param: now_ms INTEGER, until when members that were kept live are right
// Column: segment LIST [id, key, name, folder, description, rule, version, status, as_of, last_error, progress, created_at, updated_at, owner, visibility, shared]
// Index: segment_key
MATCH (s:Segment {key: $key})
SET s.as_of = CASE s.status WHEN 'LIVE' THEN $now_ms ELSE s.as_of END
SET s.status = 'OFFLINE', s.built_until = null, s.updated_at = $now_ms,
  s.result = null, s.result_count = null, s.result_as_of = null, s.result_version = null
RETURN [s.id, s.key, s.name, s.folder, s.description, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at, s.owner, s.visibility, s.shared] AS segment
