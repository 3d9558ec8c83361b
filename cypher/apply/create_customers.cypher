// Purpose: New customers, at version 1.
// Mode: WRITE
// Param: ids LIST<STRING>
// Param: now INT ms
UNWIND $ids AS id
CREATE (:Customer {id: id, version: 1, created_at: $now, updated_at: $now, attributes: '{}'})
