// Purpose: rows that were sent again and have neither been removed nor put aside again since.
// Mode: READ
// Param: count INTEGER, at most so many
// Column: id STRING
// Index: quarantined_at
MATCH (q:Quarantined) WHERE q.at >= 0 AND q.replayed_at IS NOT NULL
RETURN q.id AS id ORDER BY q.at LIMIT $count
