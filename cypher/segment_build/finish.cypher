// Purpose: A build is complete; no row when a newer version or a deletion has taken over.
// Mode: WRITE
// Param: key STRING
// Param: version INTEGER
// Param: as_of INTEGER, ms since 1970 UTC
// Column: version INTEGER
// Index: segment_key
MATCH (s:Segment {key: $key}) WHERE s.version = $version AND s.status = 'BUILDING'
SET s.status = 'LIVE', s.progress = 1.0, s.as_of = $as_of, s.last_error = null, s.built_until = null, s.result = null, s.result_count = null,
  s.result_as_of = null, s.result_version = null
RETURN s.version AS version
