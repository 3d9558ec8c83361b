// Purpose: how many customers there ever were, from the count that the database keeps.
// Mode: READ
// Column: customers INTEGER
MATCH (c:Customer)
RETURN count(c) AS customers
