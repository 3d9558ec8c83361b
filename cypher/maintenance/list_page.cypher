// Purpose: one keyset page of the maintenance record of a tag or segment, newest first.
// Mode: READ
// Param: of STRING, its id
// Param: before INTEGER, lines of a number below this one
// Param: kinds LIST OF STRING or null for all
// Param: count INTEGER
// Column: record MAP {number, kind, at ms, version, status, status_before, author, reason, changes, started_at ms, customers, error}, by number, descending; null what a kind does not have
// Index: maintenance_record
MATCH (r:MaintenanceRecord)
WHERE r.of = $of AND r.number < $before AND ($kinds IS NULL OR r.kind IN $kinds)
WITH r ORDER BY r.of DESC, r.number DESC LIMIT $count
RETURN r {.number, .kind, .at, .version, .status, .status_before, .author, .reason, .changes, .started_at, .customers, .error} AS record
