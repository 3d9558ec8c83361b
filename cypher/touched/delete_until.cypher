// Purpose: Remove notes up to a position, lowest first.
// Mode: WRITE
// Param: until INT, positions up to and including this one
// Param: limit INT, most nodes
// Column: deleted INT, how many
// Index: touched_position
MATCH (t:Touched) WHERE t.position <= $until
WITH t ORDER BY t.position LIMIT $limit
DELETE t
RETURN count(*) AS deleted
