// Purpose: When keys were last used.
// Mode: WRITE
// Param: used LIST<MAP {id, at ms}>
// Index: access_key_id
UNWIND $used AS used
MATCH (k:AccessKey {id: used.id})
WHERE coalesce(k.last_used_at, 0) < used.at
SET k.last_used_at = used.at
