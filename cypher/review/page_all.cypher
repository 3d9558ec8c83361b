// Purpose: A page of all items of the review list in the order of their ids, settled ones too.
// Mode: READ
// Param: after STRING
// Param: size INT
// Column: id STRING
// Index: review_id
MATCH (r:Review)
WHERE r.id > $after
RETURN r.id AS id
ORDER BY r.id LIMIT $size
