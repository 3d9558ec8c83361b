// Purpose: Retired customers that are somebody again, and those that had been merged into them before.
// Mode: WRITE
// Param: ids LIST<STRING>, sorted
// Index: customer_id
UNWIND $ids AS id
MATCH (r:Customer {id: id})
REMOVE r:Retired
WITH r, [(r)-[:MERGED_INTO]->(s:Customer) | s] AS survivors
CALL (r) {
  MATCH (r)-[had:HAD]->(:Identifier)
  DELETE had
}
CALL (r) {
  MATCH (r)-[m:MERGED_INTO]->(s:Customer)
  DELETE m
  WITH r, s
  MATCH (earlier:Customer)-[n:MERGED_INTO]->(s)
  WHERE r.id IN n.by_way_of
  WITH r, earlier, n, [place IN range(0, size(n.by_way_of) - 1) WHERE n.by_way_of[place] = r.id][0] AS place
  CREATE (earlier)-[:MERGED_INTO {at: n.at, by_way_of: CASE place WHEN 0 THEN null ELSE n.by_way_of[0..place] END}]->(r)
  DELETE n
}
CALL (survivors) {
  UNWIND survivors AS s
  WITH s WHERE NOT EXISTS { (:Customer)-[:MERGED_INTO]->(s) }
  MATCH (s)-[o:OWNED]->(:Identifier)
  DELETE o
}
