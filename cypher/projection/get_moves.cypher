// Purpose: Moves of customers between the stages of life cycles, whether they live or not.
// Mode: READ
// Param: ids LIST<STRING>
// Column: moves LIST<LIST>: [customer, tag, at ms, before or null, stage or null, reason, version]
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})-[m:MOVED]->()
RETURN collect([c.id, m.tag, m.at, m.before, m.stage, m.reason, m.tag_version]) AS moves
