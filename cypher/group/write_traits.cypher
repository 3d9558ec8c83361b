// Purpose: Traits of locked groups; a group that no call names goes.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, at ms or null when no call names it, traits BYTES, an empty JSON or null}
// Index: group_key
UNWIND $rows AS row
MATCH (g:Group {key: row.key})
SET g.at = row.at, g.traits = row.traits
WITH g, row
WHERE row.at IS NULL
DETACH DELETE g
