// Purpose: the last run of each tag or segment, and what its runs since an instant cost.
// Mode: READ
// Param: ids LIST OF STRING
// Param: since INTEGER ms
// Column: id STRING; all that were asked for
// Column: last MAP as in maintenance/list_page, null without a run
// Column: runs INTEGER
// Column: duration INTEGER ms, all runs together
// Column: customers INTEGER, who had a value or were members at their ends, all runs together
// Index: maintenance_record
UNWIND $ids AS id
CALL (id) {
  MATCH (r:MaintenanceRecord)
  WHERE r.of = id AND r.number > 0 AND r.kind = 'RUN'
  WITH r ORDER BY r.number DESC
  WITH collect(r) AS found
  WITH found, found[0] AS newest
  RETURN newest {.number, .kind, .at, .version, .status, .status_before, .author, .reason, .changes, .started_at, .customers, .error} AS last, [r IN found WHERE r.at >= $since] AS recent
}
RETURN id AS id, last AS last, size(recent) AS runs,
  reduce(sum = 0, r IN recent | sum + r.at - r.started_at) AS duration,
  reduce(sum = 0, r IN recent | sum + r.customers) AS customers
