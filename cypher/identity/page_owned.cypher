// Purpose: A page of all identifiers with what tells whether anything about them is out of the ordinary.
// Mode: READ
// Param: after STRING
// Param: size INT
// Param: since_ever INT ms, when a stretch without a beginning begins
// Column: identifiers LIST<LIST>: [uid, status, decided BOOLEAN, customer who has it now or null, whether that customer had it for ever BOOLEAN], by uid
// Index: identifier_uid
MATCH (i:Identifier)
WHERE i.uid > $after
WITH i ORDER BY i.uid LIMIT $size
WITH i, [(i)<-[h:HAS]-(c:Customer) | [h.from, h.to, c.id]] AS holds
RETURN collect([i.uid, i.status, coalesce(i.decided, false), [hold IN holds WHERE hold[1] IS NULL | hold[2]][0],
  size(holds) = 1 AND holds[0][0] = $since_ever]) AS identifiers
