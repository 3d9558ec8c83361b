// Purpose: Forget moves between stages of a tag that are older than an instant, a part at a time.
// Mode: WRITE
// Param: tag STRING, its key
// Param: before INTEGER ms
// Param: limit INTEGER, most moves
// Column: removed INTEGER
// Column: customers LIST<STRING>, whose they were
// Index: moved_at
MATCH (c:Customer)-[m:MOVED]->()
WHERE m.tag = $tag AND m.at < $before
WITH m, c.id AS customer LIMIT $limit
DELETE m
RETURN count(*) AS removed, collect(DISTINCT customer) AS customers
