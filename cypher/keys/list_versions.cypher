// Purpose: The versions of the secret that the graph has met.
// Mode: READ
// Column: version INT
// Column: check STRING, tells its secret from others
// Column: lowest BOOLEAN: blind indexes and tokens come from it
// Column: retired BOOLEAN: nothing is encrypted with it any more
// Index: key_version
MATCH (v:KeyVersion) WHERE v.version > 0
RETURN v.version AS version, v.check AS check, v.lowest AS lowest, v.retired AS retired ORDER BY version
