// Purpose: Forget items of the review list whose cause is gone: should it arise again, it is new.
// Mode: WRITE
// Param: ids LIST<STRING>, sorted
// Index: review_id
UNWIND $ids AS id
MATCH (r:Review {id: id})
DELETE r
