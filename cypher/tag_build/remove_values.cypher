// Purpose: Forget who had a value of a tag that is being deleted, a part at a time.
// Mode: WRITE
// Param: key STRING
// Param: limit INTEGER, most values
// Column: customers LIST<STRING>, who had them
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.status = 'DELETING'
MATCH (t)<-[r:TAGGED|WAS_TAGGED]-(c:Customer)
WITH r, c.id AS customer LIMIT $limit
DELETE r
RETURN collect(customer) AS customers
