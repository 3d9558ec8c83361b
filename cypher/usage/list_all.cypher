// Purpose: when everything was last asked for.
// Mode: READ
// Column: id STRING; * for the instant since which it is noted
// Column: at INTEGER ms
// Index: last_use
MATCH (u:LastUse) WHERE u.of >= ''
RETURN u.of AS id, u.at AS at
