// Purpose: Lock a source: which of its calls count changes by one decision at a time.
// Mode: WRITE
// Param: key STRING
// Param: now INT ms
// Column: key STRING; no row when no call of it took effect
// Index: source_key
MATCH (s:Source {key: $key})
SET s.looked_at = $now
RETURN s.key AS key
