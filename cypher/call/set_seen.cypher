// Purpose: When identifiers were seen first and last, from the calls that show them.
// Mode: WRITE
// Param: uids LIST<STRING>, sorted
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
CALL (i) {
  MATCH (i)-[d:DID|CALLED]->()
  RETURN min(d.at) AS first_own, max(d.at) AS last_own
}
CALL (i) {
  MATCH (i)<-[:SAW]-(e:Evidence WHERE e.count > 0)
  RETURN min(e.first_at) AS first_seen, max(e.last_at) AS last_seen
}
WITH i, [at IN [first_own, first_seen] WHERE at IS NOT NULL] AS firsts, [at IN [last_own, last_seen] WHERE at IS NOT NULL] AS lasts
WHERE size(firsts) > 0
SET i.first_seen = CASE WHEN size(firsts) = 2 AND firsts[1] < firsts[0] THEN firsts[1] ELSE firsts[0] END,
  i.last_seen = CASE WHEN size(lasts) = 2 AND lasts[1] > lasts[0] THEN lasts[1] ELSE lasts[0] END
