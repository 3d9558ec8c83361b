// Purpose: Which identifiers people blocked: of the decisions about one that stand, the newest counts.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Column: blocked BOOLEAN
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:NAMES]-(d:Decision)
WHERE d.active AND d.kind IN ['BLOCK', 'UNBLOCK']
WITH uid, d ORDER BY d.id DESC
WITH uid, collect(d.kind)[0] AS kind
RETURN uid AS uid, kind = 'BLOCK' AS blocked
