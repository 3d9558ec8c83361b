// Purpose: take what was imported for a tag from locked identifiers.
// Mode: WRITE
// Param: key STRING, the tag's
// Param: uids LIST OF STRING, sorted
// Param: before INTEGER, only what is of earlier imports
// Column: uid STRING, of those that had a value
// Index: identifier_uid
// TRICKY: `+ 0` keeps the planner off the index on GIVES(tag, round): started from there, all values of a tag are read.
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})-[g:GIVES]->(:Tag)
WHERE g.tag = $key AND g.round + 0 < $before
DELETE g
RETURN uid AS uid
