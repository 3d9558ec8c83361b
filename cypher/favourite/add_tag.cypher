// Purpose: put a tag among somebody's favourites, unless they have as many as they may.
// Mode: WRITE
// Param: of STRING, id of a principal
// Param: key STRING
// Param: most INTEGER, favourites of both kinds
// Param: now_ms INTEGER
// Column: done BOOLEAN, whether it is among them now
// Index: favourites_of
// Index: tag_key
MERGE (f:Favourites {of: $of})
SET f.at = $now_ms
WITH f
MATCH (t:Tag {key: $key}) WHERE t.status <> 'DELETING'
WITH f, t, EXISTS { (f)-[:FAVOURS]->(t) } AS there, COUNT { (f)-[:FAVOURS]->() } < $most AS room
FOREACH (_ IN CASE WHEN room AND NOT there THEN [1] ELSE [] END | CREATE (f)-[:FAVOURS]->(t))
RETURN there OR room AS done
