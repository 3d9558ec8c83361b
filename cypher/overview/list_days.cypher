// Purpose: counts of days.
// Mode: READ
// Param: from STRING, like 2026-07-01, the first day
// Param: count INTEGER
// Column: day STRING, ascending
// Column: at INTEGER ms
// Column: customers INTEGER
// Column: tags STRING JSON
// Column: segments STRING JSON
// Column: open_tags STRING JSON, of those that everybody may see
// Column: open_segments STRING JSON, likewise
// Index: overview_day
MATCH (d:OverviewDay) WHERE d.day >= $from
WITH d ORDER BY d.day LIMIT $count
RETURN d.day AS day, d.at AS at, d.customers AS customers, d.tags AS tags, d.segments AS segments,
  coalesce(d.open_tags, d.tags) AS open_tags, coalesce(d.open_segments, d.segments) AS open_segments
