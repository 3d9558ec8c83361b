// Purpose: another name, folder or description for a segment; members and version stay.
// Mode: WRITE
// Param: key STRING
// Param: name STRING
// Param: folder STRING, "" for none
// Param: description STRING
// Param: now_ms INTEGER
// Column: segment LIST [id, key, name, folder, description, rule, version, status, as_of, last_error, progress, created_at, updated_at, owner, visibility, shared]
// Index: segment_key
MATCH (s:Segment {key: $key})
SET s.name = $name, s.folder = $folder, s.description = $description, s.updated_at = $now_ms
RETURN [s.id, s.key, s.name, s.folder, s.description, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at, s.owner, s.visibility, s.shared] AS segment
