// Purpose: A line of the maintenance record: what a night removed under a rule.
// Mode: WRITE
// Param: key STRING, of the rule
// Param: started INT ms
// Param: at INT ms
// Param: removed INT, events or values
// Param: keep INT, how many lines a rule has at most
// Index: retention_key
// Index: maintenance_record
MATCH (r:Retention {key: $key})
SET r.records = coalesce(r.records, 0) + 1
CREATE (:MaintenanceRecord {of: r.key, number: r.records, kind: 'RUN', at: $at, started_at: $started, removed: $removed})
WITH r
OPTIONAL MATCH (old:MaintenanceRecord {of: r.key, number: r.records - $keep})
DELETE old
