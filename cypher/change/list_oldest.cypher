// Purpose: The oldest part of the outbox, for retention.
// Mode: READ
// Param: limit INTEGER, most rows
// Column: position INTEGER
// Column: at INTEGER, ms since 1970 UTC
// Index: change_position
MATCH (c:Change) WHERE c.position > 0
RETURN c.position AS position, c.at AS at
ORDER BY c.position LIMIT $limit
