// Purpose: keep a tag's definition as it is now as its version; changes nothing when that is kept already.
// Mode: WRITE
// Param: key STRING
// Param: author STRING
// Param: reason STRING or null
// Param: now_ms INTEGER
// Column: version INTEGER
// Index: tag_key
// Index: tag_version
MATCH (t:Tag {key: $key})
MERGE (v:TagVersion {tag: t.id, version: t.version})
ON CREATE SET v.name = t.name, v.definition = t.definition, v.mode = t.mode, v.zone = t.zone, v.keep_old = t.keep_old, v.author = $author, v.reason = $reason, v.at = $now_ms
MERGE (v)-[:VERSION_OF]->(t)
RETURN v.version AS version
