// Purpose: a build begins, or goes on after a worker died: then it began when it did.
// Mode: WRITE
// Param: what STRING, SEGMENT or TAG
// Param: key STRING
// Param: version INTEGER
// Param: now_ms INTEGER
// Column: started INTEGER ms; no row when something newer has taken over
// Index: segment_key
// Index: tag_key
CALL () {
  MATCH (s:Segment {key: $key}) WHERE $what = 'SEGMENT' RETURN s AS thing
  UNION
  MATCH (t:Tag {key: $key}) WHERE $what = 'TAG' RETURN t AS thing
}
WITH thing WHERE thing.version = $version AND thing.status = 'BUILDING'
SET thing.run_started = CASE WHEN thing.run_version = $version THEN coalesce(thing.run_started, $now_ms) ELSE $now_ms END, thing.run_version = $version
RETURN thing.run_started AS started
