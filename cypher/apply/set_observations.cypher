// Purpose: Values of observations that other values of the same time give way to.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {key, value BYTES, instant ms or null}
// Index: observation_key
UNWIND $rows AS row
MATCH (o:Observation {key: row.key})
SET o.value = row.value, o.instant = row.instant
