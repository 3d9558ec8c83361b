// Purpose: how many customers live no longer, from the count that the database keeps.
// Mode: READ
// Column: customers INTEGER
MATCH (c:Retired)
RETURN count(c) AS customers
