// Purpose: since when it is noted what is asked for; the first instant stays.
// Mode: WRITE
// Param: now_ms INTEGER
// Column: at INTEGER ms
// Index: last_use
MERGE (u:LastUse {of: '*'})
ON CREATE SET u.at = $now_ms
RETURN u.at AS at
