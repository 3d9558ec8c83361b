// Purpose: How many identifiers there are; from the store's own count.
// Mode: READ
// Column: count INT
MATCH (i:Identifier)
RETURN count(i) AS count
