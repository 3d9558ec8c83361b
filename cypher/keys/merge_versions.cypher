// Purpose: Note versions of the secret; the current one is no longer retired.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by version: {version INT, check STRING, lowest BOOLEAN, current BOOLEAN}
// Index: key_version
UNWIND $rows AS row
MERGE (v:KeyVersion {version: row.version})
ON CREATE SET v.check = row.check, v.lowest = row.lowest, v.retired = false
SET v.retired = v.retired AND NOT row.current
