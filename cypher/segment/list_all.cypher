// Purpose: the definitions of all segments, with the counter that says when they change.
// Mode: READ
// Column: catalogue INTEGER, read before the segments: they are at least as new
// Column: segments LIST OF [id, key, name, folder, description, rule, version, status, as_of, last_error, progress, created_at, updated_at, owner, visibility, shared]
// Index: counter_name
// Index: segment_key
OPTIONAL MATCH (n:Counter {name: 'catalogue'})
WITH coalesce(n.value, 0) AS catalogue
OPTIONAL MATCH (s:Segment) WHERE s.key >= '' AND s.status <> 'DELETING'
RETURN catalogue AS catalogue, collect([s.id, s.key, s.name, s.folder, s.description, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at, s.owner, s.visibility, s.shared]) AS segments
