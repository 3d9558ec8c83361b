// Purpose: Remove the outbox up to a position, lowest first.
// Mode: WRITE
// Param: until INTEGER, positions up to and including this one
// Param: limit INTEGER, most nodes
// Column: deleted INTEGER, how many
// Index: change_position
MATCH (c:Change) WHERE c.position <= $until
WITH c ORDER BY c.position LIMIT $limit
DELETE c
RETURN count(*) AS deleted
