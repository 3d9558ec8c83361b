// Purpose: Items of the review list that arose. One that is open stays where it is, one that was dismissed stays away unless it grew.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by id: {id, kind, uids LIST<STRING>, customer or null, namespace or null, least INT or null, size INT or null}
// Param: now INT ms
// Index: review_id
UNWIND $rows AS row
MERGE (r:Review {id: row.id})
ON CREATE SET r.kind = row.kind, r.uids = row.uids, r.customer = row.customer, r.namespace = row.namespace
SET r.least = row.least, r.size = row.size
WITH r, CASE
  WHEN r.state = 'OPEN' THEN r.since
  WHEN r.state = 'DISMISSED' AND NOT coalesce(row.size >= r.grown, false) THEN null
  ELSE $now END AS since
WHERE since IS NOT NULL
SET r.state = 'OPEN', r.since = since, r.place = right('00000000000000' + toString(since), 15) + r.id
