// Purpose: How many customers there are, from the count store.
// Mode: READ
// Column: count INT
MATCH (:Customer)
RETURN count(*) AS count
