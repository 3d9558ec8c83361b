// Purpose: The outbox.
// Mode: WRITE
// Param: rows LIST<MAP>: {position INT, body JSON}
// Param: at INT ms
UNWIND $rows AS row
CREATE (:Change {position: row.position, body: row.body, at: $at})
