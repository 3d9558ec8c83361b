// Purpose: Take from a customer, and from those who were merged into it, whatever they have and had.
// Mode: WRITE
// Param: id STRING, a living customer, locked
// Column: ids LIST<STRING>, those who were merged into it
// Index: customer_id
MATCH (c:Customer {id: $id})
WITH c, [(r:Customer)-[:MERGED_INTO]->(c) | r] AS retired
CALL (c, retired) {
  UNWIND [c] + retired AS one
  MATCH (one)-[r:HAS|HAD|OWNED]->(:Identifier)
  DELETE r
}
RETURN [r IN retired | r.id] AS ids
