// Purpose: keep the counts of a day; the first ones stay.
// Mode: WRITE
// Param: day STRING, like 2026-07-01
// Param: at INTEGER ms
// Param: customers INTEGER
// Param: tags STRING JSON
// Param: segments STRING JSON
// Column: day STRING
// Index: overview_day
MERGE (d:OverviewDay {day: $day})
ON CREATE SET d.at = $at, d.customers = $customers, d.tags = $tags, d.segments = $segments
RETURN d.day AS day
