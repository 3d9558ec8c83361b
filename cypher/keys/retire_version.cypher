// Purpose: Note that nothing is encrypted with a version of the secret any more.
// Mode: WRITE
// Param: version INT
// Column: retired INT
// Index: key_version
MATCH (v:KeyVersion {version: $version})
SET v.retired = true
RETURN count(*) AS retired
