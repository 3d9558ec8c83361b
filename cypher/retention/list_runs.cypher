// Purpose: What nights removed under a rule, newest first.
// Mode: READ
// Param: key STRING
// Param: count INT
// Column: at INT ms
// Column: started INT ms
// Column: removed INT
// Index: maintenance_record
MATCH (m:MaintenanceRecord {of: $key})
WHERE m.number > 0
RETURN m.at AS at, m.started_at AS started, m.removed AS removed
ORDER BY m.number DESC
LIMIT $count
