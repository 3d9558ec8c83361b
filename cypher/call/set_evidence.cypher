// Purpose: Write how often and when sets of identifiers were seen.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, count INT, first_at ms or null to leave it, last_at ms or null}
// Index: evidence_key
UNWIND $rows AS row
MATCH (e:Evidence {key: row.key})
SET e.count = row.count, e.first_at = coalesce(row.first_at, e.first_at), e.last_at = coalesce(row.last_at, e.last_at)
