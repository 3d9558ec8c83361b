// Purpose: a line in the maintenance record of a tag or segment; the one that is then too many goes.
// Mode: WRITE
// Param: of STRING, the id of the tag or segment
// Param: properties MAP: {kind, at ms, version, status, author or null, reason or null, changes LIST or null, status_before or null}
// Param: keep INTEGER, how many lines each has at most
// Column: number INTEGER, of the line: 1, 2, 3 …
// Index: segment_id
// Index: tag_id
// Index: maintenance_record
CALL () {
  MATCH (s:Segment {id: $of}) RETURN s AS thing
  UNION
  MATCH (t:Tag {id: $of}) RETURN t AS thing
}
SET thing.records = coalesce(thing.records, 0) + 1
CREATE (r:MaintenanceRecord {of: $of, number: thing.records})
SET r += $properties
WITH r.number AS number
OPTIONAL MATCH (old:MaintenanceRecord {of: $of, number: number - $keep})
DELETE old
RETURN number AS number
