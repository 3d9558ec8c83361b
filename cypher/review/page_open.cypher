// Purpose: A page of open items of the review list, newest first.
// Mode: READ
// Param: kinds LIST<STRING>, each once
// Param: before STRING, places before this one
// Param: count INT
// Column: id STRING
// Column: place STRING, descending
// Index: review_page
UNWIND $kinds AS kind
CALL (kind) {
  MATCH (r:Review)
  WHERE r.kind = kind AND r.place < $before
  RETURN r.id AS id, r.place AS place
  ORDER BY r.kind DESC, r.place DESC LIMIT $count
}
RETURN id AS id, place AS place
ORDER BY place DESC LIMIT $count
