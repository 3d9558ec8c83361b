// Purpose: take a tag off somebody's favourites.
// Mode: WRITE
// Param: of STRING, id of a principal
// Param: key STRING
// Column: removed INTEGER
// Index: favourites_of
MATCH (f:Favourites {of: $of})-[r:FAVOURS]->(t:Tag)
WHERE t.key + '' = $key
DELETE r
RETURN count(*) AS removed
