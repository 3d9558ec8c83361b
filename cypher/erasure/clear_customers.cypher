// Purpose: Nothing is left of customers but their ids, which nobody has any more.
// Mode: WRITE
// Param: ids LIST<STRING>, sorted
// Param: now INT ms
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})
CALL (c) {
  MATCH (c)-[r:IN_SEGMENT|WAS_IN|TAGGED|WAS_TAGGED|MOVED]->()
  DELETE r
}
SET c = {id: c.id, version: c.version + 1, updated_at: $now}
SET c:Retired:Erased
