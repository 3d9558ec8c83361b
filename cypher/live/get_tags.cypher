// Purpose: All tags whose values rules may read, with who computes them.
// Mode: READ
// Column: key STRING
// Column: version INT
// Column: definition STRING JSON
// Column: kind STRING
// Column: zone STRING or null for the deployment's
// Column: keep_old BOOLEAN
// Column: on_events BOOLEAN, computed whenever something touches it
// Column: building BOOLEAN
// Column: settled BOOLEAN, a build of this version came to its end
// Index: tag_key
MATCH (t:Tag)
WHERE t.key >= '' AND t.status <> 'DELETING' AND t.status <> 'DRAFT'
RETURN t.key AS key, t.version AS version, t.definition AS definition, t.kind AS kind, t.zone AS zone, t.keep_old AS keep_old,
  t.mode = 'LIVE' AND t.status IN ['BUILDING', 'LIVE', 'FAILED'] AS on_events, t.status = 'BUILDING' AS building,
  coalesce(t.built_version, CASE WHEN t.status IN ['BUILDING', 'FAILED'] THEN 0 ELSE t.version END) = t.version AS settled
ORDER BY key
