// Purpose: an import into a tag begins; it is newer than all before.
// Mode: WRITE
// Param: key STRING
// Column: round INTEGER, its place in the order of imports
// Index: tag_key
MATCH (t:Tag {key: $key})
SET t.round = coalesce(t.round, 0) + 1
RETURN t.round AS round
