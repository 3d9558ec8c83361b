// Purpose: A purpose that nobody asks for any more; what was said of it stays.
// Mode: WRITE
// Param: key STRING
// Column: count INT
// Index: purpose_key
MATCH (p:Purpose {key: $key})
DELETE p
RETURN count(*) AS count
