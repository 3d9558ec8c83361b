// Purpose: remove lines of maintenance records that are older than an instant, a few at a time.
// Mode: WRITE
// Param: before INTEGER ms
// Param: limit INTEGER
// Column: removed INTEGER
// Index: maintenance_at
MATCH (r:MaintenanceRecord) WHERE r.at < $before
WITH r LIMIT $limit
DELETE r
RETURN count(*) AS removed
