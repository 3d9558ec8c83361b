// Purpose: how many tags and segments there are of each kind, status and category or folder.
// Mode: READ
// Param: viewer LIST OF STRING or null: id of who asks, and the grants that let them see something; null sees all
// Column: what STRING, TAG or SEGMENT
// Column: kind STRING; of segments RULE, or LIST for an imported one
// Column: status STRING
// Column: folder STRING, "" for none
// Column: count INTEGER
// Index: tag_key
// Index: segment_key
MATCH (t:Tag) WHERE t.key >= '' AND t.status <> 'DELETING'
  AND ($viewer IS NULL OR t.visibility IS NULL OR t.owner IN $viewer OR any(each IN t.shared WHERE each IN $viewer))
RETURN 'TAG' AS what, t.kind AS kind, t.status AS status, coalesce(t.category, '') AS folder, count(*) AS count
UNION ALL
MATCH (s:Segment) WHERE s.key >= '' AND s.status <> 'DELETING'
  AND ($viewer IS NULL OR s.visibility IS NULL OR s.owner IN $viewer OR any(each IN s.shared WHERE each IN $viewer))
RETURN 'SEGMENT' AS what, CASE WHEN s.rule STARTS WITH '{"list":' THEN 'LIST' ELSE 'RULE' END AS kind, s.status AS status, s.folder AS folder, count(*) AS count
