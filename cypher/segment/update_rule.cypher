// Purpose: another rule for a segment: a new version, to be built; the members of the last one stay until then.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER, the new one; given, so that running the transaction again changes nothing more
// Param: name STRING
// Param: folder STRING, "" for none
// Param: description STRING
// Param: rule STRING JSON
// Param: author STRING
// Param: reason STRING or null
// Param: now_ms INTEGER
// Column: segment LIST [id, key, name, folder, description, rule, version, status, as_of, last_error, progress, created_at, updated_at, owner, visibility, shared]
// Index: segment_key
// Index: segment_version
MATCH (s:Segment {key: $key})
SET s.name = $name, s.folder = $folder, s.description = $description, s.rule = $rule, s.version = $version, s.status = 'BUILDING', s.progress = 0.0, s.built_until = null, s.last_error = null, s.updated_at = $now_ms
MERGE (v:SegmentVersion {segment: s.id, version: $version})
ON CREATE SET v.name = $name, v.rule = $rule, v.author = $author, v.reason = $reason, v.at = $now_ms
MERGE (v)-[:VERSION_OF]->(s)
RETURN [s.id, s.key, s.name, s.folder, s.description, s.rule, s.version, s.status, s.as_of, s.last_error, s.progress, s.created_at, s.updated_at, s.owner, s.visibility, s.shared] AS segment
