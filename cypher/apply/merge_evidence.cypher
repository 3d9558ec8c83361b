// Purpose: Count sets of identifiers seen together; sets that are new, or are seen again after all their calls were taken back, get their members.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, source, first_at ms, last_at ms, count INT, members LIST<LIST>: [uid, verified BOOLEAN]}
// Column: keys LIST<STRING>, of these sets
// Index: evidence_key
// Index: identifier_uid
UNWIND $rows AS row
MERGE (e:Evidence {key: row.key})
ON CREATE SET e.source = row.source, e.first_at = row.first_at, e.last_at = row.last_at, e.count = row.count
// Without a call that shows it a set has the times of those that were taken back.
ON MATCH SET e.first_at = CASE WHEN e.count = 0 OR row.first_at < e.first_at THEN row.first_at ELSE e.first_at END,
  e.last_at = CASE WHEN e.count = 0 OR row.last_at > e.last_at THEN row.last_at ELSE e.last_at END,
  e.count = e.count + row.count
WITH e, row
WHERE e.count = row.count
CALL (e, row) {
  UNWIND row.members AS member
  MATCH (i:Identifier {uid: member[0]})
  MERGE (e)-[saw:SAW]->(i)
  SET saw.verified = member[1]
}
RETURN collect(e.key) AS keys
