// Purpose: Forget what was imported for a tag that is being deleted, a part at a time.
// Mode: WRITE
// Param: key STRING
// Param: limit INTEGER, most identifiers
// Column: removed INTEGER
// Index: tag_key
MATCH (t:Tag {key: $key}) WHERE t.status = 'DELETING'
MATCH (t)<-[g:GIVES]-(:Identifier)
WITH g LIMIT $limit
DELETE g
RETURN count(*) AS removed
