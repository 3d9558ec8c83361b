// Purpose: Lock items of the review list.
// Mode: WRITE
// Param: ids LIST<STRING>, sorted
// Index: review_id
UNWIND $ids AS id
MATCH (r:Review {id: id})
SET r.kind = r.kind
