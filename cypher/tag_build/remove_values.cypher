// Purpose: Forget who had a value of a tag that is being deleted, a part at a time.
// Mode: WRITE
// Param: key STRING
// Param: limit INTEGER, most values
// Column: removed INTEGER
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.status = 'DELETING'
MATCH (t)<-[r:TAGGED|WAS_TAGGED]-(:Customer)
WITH r LIMIT $limit
DELETE r
RETURN count(*) AS removed
