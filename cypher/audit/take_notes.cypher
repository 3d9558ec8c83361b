// Purpose: take notes that can go into the chain away, in the transaction that puts them there.
// Mode: WRITE
// Param: now_ms INTEGER
// Param: limit INTEGER
// Column: id STRING
// Column: sealed BYTES
// Index: audit_note_due
MATCH (n:AuditNote) WHERE n.due <= $now_ms
WITH n ORDER BY n.due LIMIT $limit
SET n.taken = true
WITH n, n.id AS id, n.sealed AS sealed
DELETE n
RETURN id AS id, sealed AS sealed
