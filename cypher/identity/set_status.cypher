// Purpose: Mark identifiers that take part in links, or do not.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, status: 'ACTIVE', 'SHARED' or 'BLOCKED'}
// Param: by_policy BOOLEAN, whether the lists of the policy say so, not a person
// Index: identifier_uid
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
SET i.status = row.status, i.by_policy = CASE WHEN $by_policy THEN true END
