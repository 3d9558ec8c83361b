// Purpose: identifiers whose value of a tag is of an earlier import.
// Mode: READ
// Param: key STRING, the tag's
// Param: round INTEGER, of the import
// Param: count INTEGER
// Column: uid STRING
// Column: namespace STRING
// Index: gives_round
MATCH (i:Identifier)-[g:GIVES]->(:Tag)
WHERE g.tag = $key AND g.round < $round
RETURN i.uid AS uid, i.namespace AS namespace LIMIT $count
