// Purpose: An item of the review list is accepted or dismissed, or open again.
// Mode: WRITE
// Param: id STRING
// Param: state STRING: 'OPEN', 'ACCEPTED' or 'DISMISSED'
// Param: grown INT or null: from which size on a dismissed one is open again
// Column: id STRING; no row when there is none of that id
// Index: review_id
MATCH (r:Review {id: $id})
SET r.state = $state, r.grown = $grown,
  r.place = CASE $state WHEN 'OPEN' THEN right('00000000000000' + toString(r.since), 15) + r.id END
RETURN r.id AS id
