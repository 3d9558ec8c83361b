// Purpose: a new segment, to be built, with the first version of its rule.
// Mode: WRITE
// Param: id STRING
// Param: key STRING
// Param: name STRING
// Param: folder STRING, "" for none
// Param: description STRING
// Param: rule STRING JSON
// Param: author STRING
// Param: reason STRING or null
// Param: owner STRING or null, id of a principal
// Param: visibility STRING, PRIVATE; null for everybody
// Param: now_ms INTEGER
// Column: segment LIST [id, key, name, folder, description, rule, version, status, as_of, last_error, progress, created_at, updated_at, owner, visibility, shared]; of another id when the key is taken
// Index: segment_key
// Index: segment_version
MERGE (s:Segment {key: $key})
ON CREATE SET s.id = $id, s.name = $name, s.folder = $folder, s.description = $description, s.rule = $rule, s.version = 1, s.status = 'BUILDING', s.progress = 0.0, s.owner = $owner, s.visibility = $visibility, s.created_at = $now_ms, s.updated_at = $now_ms
MERGE (v:SegmentVersion {segment: s.id, version: 1})
ON CREATE SET v.name = $name, v.rule = $rule, v.author = $author, v.reason = $reason, v.at = $now_ms
MERGE (v)-[:VERSION_OF]->(s)
RETURN [s.id, s.key, s.name, s.folder, s.description, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at, s.owner, s.visibility, s.shared] AS segment
