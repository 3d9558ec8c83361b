// Purpose: One keyset page of the moves of a customer, or of who was merged into it, between the stages of a tag, newest first.
// Mode: READ
// Param: id STRING, a living customer
// Param: tag STRING, its key
// Param: at INTEGER ms, the place: earlier moves
// Param: place INTEGER, of one instant those with a smaller one
// Param: count INTEGER
// Column: customer STRING, the id then
// Column: before STRING or null
// Column: stage STRING or null
// Column: at INTEGER ms
// Column: reason STRING
// Column: version INTEGER
// Column: place INTEGER
// Index: customer_id
// TRICKY: `+ 0` keeps the planner off the index on MOVED(tag, at), which leads to the moves of everybody.
MATCH (c:Customer {id: $id})
UNWIND [c] + [(earlier:Customer)-[:MERGED_INTO]->(c) | earlier] AS one
MATCH (one)-[m:MOVED]->(:Tag)
WHERE m.tag = $tag AND (m.at + 0 < $at OR m.at + 0 = $at AND m.place < $place)
WITH m, one.id AS customer ORDER BY m.at DESC, m.place DESC LIMIT $count
RETURN customer AS customer, m.before AS before, m.stage AS stage, m.at AS at, m.reason AS reason,
  m.tag_version AS version, m.place AS place
