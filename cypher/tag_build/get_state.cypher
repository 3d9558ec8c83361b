// Purpose: How far a tag's build is.
// Mode: READ
// Param: key STRING
// Column: key STRING
// Column: version INTEGER
// Column: status STRING
// Column: progress FLOAT, 0 to 1
// Column: built_until STRING, id of the last customer that a build over the graph is done with; "" at its beginning
// Column: document STRING, JSON of the definition
// Column: zone STRING or null for the deployment's
// Column: keep_old BOOLEAN, whether a value stays when there is none any more
// Index: tag_key
MATCH (t:Tag {key: $key})
RETURN t.key AS key, t.version AS version, t.status AS status,
  t.progress AS progress, coalesce(t.built_until, '') AS built_until,
  t.definition AS document, t.zone AS zone, t.keep_old AS keep_old
