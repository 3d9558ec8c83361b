// Purpose: keep the counts of a day; the first ones stay.
// Mode: WRITE
// Param: day STRING, like 2026-07-01
// Param: at INTEGER ms
// Param: customers INTEGER
// Param: tags STRING JSON
// Param: segments STRING JSON
// Param: open_tags STRING JSON, of those that everybody may see
// Param: open_segments STRING JSON, likewise
// Column: day STRING
// Index: overview_day
MERGE (d:OverviewDay {day: $day})
ON CREATE SET d.at = $at, d.customers = $customers, d.tags = $tags, d.segments = $segments,
  d.open_tags = $open_tags, d.open_segments = $open_segments
RETURN d.day AS day
