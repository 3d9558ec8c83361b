// Purpose: Whether the database works: a connection alone also stands when it has stopped.
// Mode: READ
// Column: one INT
RETURN 1 AS one
