// Purpose: take locked identifiers off a segment's list.
// Mode: WRITE
// Param: key STRING, the segment's
// Param: uids LIST OF STRING, sorted
// Param: before INTEGER, only those of earlier rounds
// Column: uid STRING, of those that were on it
// Index: identifier_uid
// TRICKY: `+ 0` keeps the planner off the index on LISTED_IN(segment, round): started from there, a list is read whole.
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})-[l:LISTED_IN]->(:Segment)
WHERE l.segment = $key AND l.round + 0 < $before
DELETE l
RETURN uid AS uid
