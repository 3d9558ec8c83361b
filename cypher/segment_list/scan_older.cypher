// Purpose: identifiers on a segment's list that were not listed again.
// Mode: READ
// Param: key STRING, the segment's
// Param: round INTEGER, of the import
// Param: count INTEGER
// Column: uid STRING
// Column: namespace STRING
// Index: listed_in_round
MATCH (i:Identifier)-[l:LISTED_IN]->(:Segment)
WHERE l.segment = $key AND l.round < $round
RETURN i.uid AS uid, i.namespace AS namespace LIMIT $count
