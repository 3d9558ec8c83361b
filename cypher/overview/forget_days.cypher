// Purpose: remove the counts of days before one.
// Mode: WRITE
// Param: before STRING, like 2026-07-01
// Column: removed INTEGER
// Index: overview_day
MATCH (d:OverviewDay) WHERE d.day < $before
DELETE d
RETURN count(*) AS removed
