// Purpose: A page of the notes of what was touched, in the order of commits.
// Mode: READ
// Param: after INT, positions above this one
// Param: until INT, positions up to and including this one
// Param: limit INT, most notes
// Column: notes LIST<LIST>: [position, events LIST<STRING> ids, customers LIST<STRING> ids, owned LIST<STRING> uids, hung LIST<STRING> uids, moved LIST<STRING> ids, cleared LIST<STRING> ids, dropped LIST<STRING> keys of segments, changes INT, the last position of a change then]
// Index: touched_position
MATCH (t:Touched) WHERE t.position > $after AND t.position <= $until
WITH t ORDER BY t.position LIMIT $limit
RETURN collect([t.position, t.events, t.customers, t.owned, t.hung, coalesce(t.moved, []), coalesce(t.cleared, []),
  coalesce(t.dropped, []), coalesce(t.changes, 0)]) AS notes
