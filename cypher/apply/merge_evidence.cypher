// Purpose: Count sets of identifiers seen together; tells which sets are new.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, source, first_at ms, last_at ms, count INT}
// Column: keys LIST<STRING>, of new sets
// Index: evidence_key
UNWIND $rows AS row
MERGE (e:Evidence {key: row.key})
ON CREATE SET e.source = row.source, e.first_at = row.first_at, e.last_at = row.last_at, e.count = row.count
// Without a call that shows it a set has the times of those that were taken back.
ON MATCH SET e.first_at = CASE WHEN e.count = 0 OR row.first_at < e.first_at THEN row.first_at ELSE e.first_at END,
  e.last_at = CASE WHEN e.count = 0 OR row.last_at > e.last_at THEN row.last_at ELSE e.last_at END,
  e.count = e.count + row.count
WITH e, row
WHERE e.count = row.count
RETURN collect(e.key) AS keys
