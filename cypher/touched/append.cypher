// Purpose: Note what a transaction has changed, for those that take no place in the order of commits otherwise.
// Mode: WRITE
// Param: rows LIST<MAP>, one: {events LIST<STRING> ids, customers LIST<STRING> ids, owned LIST<STRING> uids, hung LIST<STRING> uids, moved LIST<STRING> ids, cleared LIST<STRING> ids, dropped LIST<STRING> keys of segments}
// Param: at INT ms
// Index: counter_name
// TRICKY: the same lock and the same count as in live/commit_changes, and as there the last lock that is taken.
MERGE (k:Counter {name: 'changes'})
ON CREATE SET k.value = 0, k.swept_until = 0, k.touched = 1
ON MATCH SET k.touched = coalesce(k.touched, 0) + 1
WITH k.touched AS position, k.value AS changes
UNWIND $rows AS row
CREATE (:Touched {position: position, at: $at, events: row.events, customers: row.customers, owned: row.owned,
  hung: row.hung, moved: row.moved, cleared: row.cleared, dropped: row.dropped, changes: changes})
