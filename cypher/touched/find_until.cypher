// Purpose: The last of the oldest notes that is older than an instant.
// Mode: READ
// Param: before INT ms
// Param: limit INT, how many notes to look at
// Column: position INT or null
// Index: touched_position
MATCH (t:Touched) WHERE t.position > 0
WITH t ORDER BY t.position LIMIT $limit
WITH t WHERE t.at < $before
RETURN max(t.position) AS position
