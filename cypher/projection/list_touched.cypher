// Purpose: A page of the notes of what was touched, in the order of commits.
// Mode: READ
// Param: after INT, positions above this one
// Param: until INT, positions up to and including this one
// Param: limit INT, most rows
// Column: position INT
// Column: events LIST<STRING>, ids of created events
// Column: customers LIST<STRING>, ids
// Column: owned LIST<STRING>, uids of identifiers
// Column: hung LIST<STRING>, uids of identifiers
// Index: touched_position
MATCH (t:Touched) WHERE t.position > $after AND t.position <= $until
RETURN t.position AS position, t.events AS events, t.customers AS customers, t.owned AS owned, t.hung AS hung
ORDER BY t.position LIMIT $limit
