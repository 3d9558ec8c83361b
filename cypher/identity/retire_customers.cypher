// Purpose: Merged customers point at their survivor for ever; chains stay one step long.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by retired: {retired, survivor}
// Param: at INT ms
// Index: customer_id
UNWIND $rows AS row
MATCH (r:Customer {id: row.retired})
MATCH (s:Customer {id: row.survivor})
SET r:Retired, r.version = r.version + 1, r.updated_at = $at, r.search_name = null
CREATE (r)-[:MERGED_INTO {at: $at}]->(s)
WITH r, s
CALL (r, s) {
  MATCH (earlier:Customer)-[m:MERGED_INTO]->(r)
  CREATE (earlier)-[:MERGED_INTO {at: m.at, by_way_of: r.id}]->(s)
  DELETE m
}
