// Purpose: Wait until every index is online.
// Mode: READ
CALL db.awaitIndexes(300)
