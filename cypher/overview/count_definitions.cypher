// Purpose: how many tags and segments there are of each kind, status and category or folder.
// Mode: READ
// Column: what STRING, TAG or SEGMENT
// Column: kind STRING; of segments RULE, or LIST for an imported one
// Column: status STRING
// Column: folder STRING, "" for none
// Column: count INTEGER
// Index: tag_key
// Index: segment_key
MATCH (t:Tag) WHERE t.key >= '' AND t.status <> 'DELETING'
RETURN 'TAG' AS what, t.kind AS kind, t.status AS status, coalesce(t.category, '') AS folder, count(*) AS count
UNION ALL
MATCH (s:Segment) WHERE s.key >= '' AND s.status <> 'DELETING'
RETURN 'SEGMENT' AS what, CASE WHEN s.rule STARTS WITH '{"list":' THEN 'LIST' ELSE 'RULE' END AS kind, s.status AS status, s.folder AS folder, count(*) AS count
