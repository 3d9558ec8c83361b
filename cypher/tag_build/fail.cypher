// Purpose: A build failed; values and as_of stay as they are. No row when something newer has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: error STRING, without values of customers
// Param: at INTEGER, ms
// Column: version INTEGER
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.version = $version AND t.status = 'BUILDING'
SET t.status = 'FAILED', t.last_error = $error, t.failed_at = $at,
  t.result = null, t.result_count = null, t.result_as_of = null, t.result_version = null
RETURN t.version AS version
