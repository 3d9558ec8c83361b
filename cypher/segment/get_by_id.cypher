// Purpose: one segment by its id.
// Mode: READ
// Param: id STRING
// Column: segment LIST [id, key, name, folder, description, rule, version, status, as_of, last_error, progress, created_at, updated_at, owner, visibility, shared]
// Index: segment_id
MATCH (s:Segment {id: $id}) WHERE s.status <> 'DELETING'
RETURN [s.id, s.key, s.name, s.folder, s.description, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at, s.owner, s.visibility, s.shared] AS segment
