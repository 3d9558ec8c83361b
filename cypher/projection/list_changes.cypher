// Purpose: A page of the log of changes, in order, in one record.
// Mode: READ
// Param: after INT, positions above this one
// Param: until INT, positions up to and including this one
// Param: limit INT, most changes
// Column: changes LIST<LIST>: [position, body JSON]
// Index: change_position
MATCH (c:Change) WHERE c.position > $after AND c.position <= $until
WITH c ORDER BY c.position LIMIT $limit
RETURN collect([c.position, c.body]) AS changes
