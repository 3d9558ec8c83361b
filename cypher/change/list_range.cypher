// Purpose: A page of the outbox, in order of position.
// Mode: READ
// Param: after INTEGER, positions above this one
// Param: until INTEGER, positions up to and including this one
// Param: limit INTEGER, most rows
// Column: position INTEGER
// Column: body STRING, JSON of the change
// Index: change_position
MATCH (c:Change) WHERE c.position > $after AND c.position <= $until
RETURN c.position AS position, c.body AS body
ORDER BY c.position LIMIT $limit
