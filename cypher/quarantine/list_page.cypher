// Purpose: one keyset page of the quarantine, newest first.
// Mode: READ
// Param: before_at INTEGER ms, of the last row of the page before; a far time for the first page
// Param: before_id STRING, of the same row
// Param: reason STRING|null, only rows with this reason
// Param: count INTEGER
// Column: row LIST [id, message_id, source, kind, reason, detail, at, replayed_at, times]
// Index: quarantined_at
// TRICKY: `+ ''` keeps the planner to one index, in whose order the page comes.
MATCH (q:Quarantined)
WHERE q.at <= $before_at AND (q.at < $before_at OR q.id + '' < $before_id) AND ($reason IS NULL OR q.reason = $reason)
WITH q ORDER BY q.at DESC, q.id DESC LIMIT $count
RETURN [q.id, q.message_id, q.source, q.kind, q.reason, q.detail, q.at, q.replayed_at, q.times] AS row
