// Purpose: Forget moves between stages of a tag that is being deleted, a part at a time.
// Mode: WRITE
// Param: key STRING
// Param: limit INTEGER, most moves
// Column: removed INTEGER
// Column: customers LIST<STRING>, whose they were
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.status = 'DELETING'
MATCH (t)<-[m:MOVED]-(c:Customer)
WITH m, c.id AS customer LIMIT $limit
DELETE m
RETURN count(*) AS removed, collect(DISTINCT customer) AS customers
