// Purpose: how many calls are put aside, by reason.
// Mode: READ
// Column: reason STRING
// Column: total INTEGER
// Index: quarantined_at
MATCH (q:Quarantined) WHERE q.at >= 0
RETURN q.reason AS reason, count(*) AS total ORDER BY total DESC
