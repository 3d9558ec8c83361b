// Purpose: Take the write lock of customers in the order of the ids and count their versions up.
// Mode: WRITE
// Param: ids LIST<STRING>, sorted
// Param: now INT ms
// Column: locked LIST<LIST>: [id, version after counting, retired BOOLEAN]
// Index: customer_id
// TRICKY: two SETs for the reason given in apply/lock_people.
UNWIND $ids AS id
MATCH (c:Customer {id: id})
SET c.updated_at = $now
WITH c
SET c.version = c.version + 1
RETURN collect([c.id, c.version, c:Retired]) AS locked
