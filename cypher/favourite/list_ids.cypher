// Purpose: ids of somebody's favourites.
// Mode: READ
// Param: of STRING, id of a principal
// Column: id STRING
// Index: favourites_of
MATCH (f:Favourites {of: $of})-[:FAVOURS]->(thing)
RETURN thing.id AS id
