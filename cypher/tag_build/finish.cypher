// Purpose: A build is complete; no row when something newer has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: as_of INTEGER, ms since 1970 UTC
// Column: version INTEGER
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.version = $version AND t.status = 'BUILDING'
SET t.status = CASE t.mode WHEN 'LIVE' THEN 'LIVE' ELSE 'SCHEDULED' END, t.progress = 1.0, t.as_of = $as_of, t.built_version = t.version,
  t.last_error = null, t.built_until = null,
  t.result = null, t.result_count = null, t.result_as_of = null, t.result_version = null
RETURN t.version AS version
