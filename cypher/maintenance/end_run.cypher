// Purpose: a line for a build that has come to its end, in the transaction that ends it, or for an import.
// Mode: WRITE
// Param: what STRING, SEGMENT or TAG
// Param: key STRING
// Param: error STRING or null
// Param: started INTEGER ms of an import, null for a build, which has noted when it began
// Param: now_ms INTEGER
// Param: keep INTEGER, how many lines each has at most
// Column: number INTEGER, of the line
// Index: segment_key
// Index: tag_key
// Index: maintenance_record
CALL () {
  MATCH (s:Segment {key: $key}) WHERE $what = 'SEGMENT' RETURN s AS thing
  UNION
  MATCH (t:Tag {key: $key}) WHERE $what = 'TAG' RETURN t AS thing
}
WITH thing, COUNT { (thing)<-[:IN_SEGMENT]-() } + COUNT { (thing)<-[:TAGGED]-() } AS customers
SET thing.records = coalesce(thing.records, 0) + 1
CREATE (r:MaintenanceRecord {of: thing.id, number: thing.records, kind: 'RUN', at: $now_ms, version: thing.version, status: thing.status, status_before: CASE WHEN $started IS NULL THEN 'BUILDING' END, started_at: coalesce($started, thing.run_started, $now_ms), customers: customers, error: $error})
SET thing.run_started = CASE WHEN $started IS NOT NULL THEN thing.run_started END
WITH thing.id AS of, r.number AS number
OPTIONAL MATCH (old:MaintenanceRecord {of: of, number: number - $keep})
DELETE old
RETURN number AS number
