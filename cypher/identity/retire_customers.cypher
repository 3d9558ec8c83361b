// Purpose: Customers that exist no longer: merged ones point at their survivor for ever, chains stay one step long. What they had is kept for the day when a merge is undone.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by retired: {retired, survivor or null, had LIST<STRING> uids, kept LIST<STRING> uids: what the survivor had}
// Param: at INT ms
// Index: customer_id
// Index: identifier_uid
UNWIND $rows AS row
MATCH (r:Customer {id: row.retired})
SET r:Retired, r.version = r.version + 1, r.updated_at = $at, r.search_name = null
WITH r, row
CALL (r, row) {
  UNWIND row.had AS uid
  MATCH (i:Identifier {uid: uid})
  CREATE (r)-[:HAD {at: $at}]->(i)
}
CALL (r, row) {
  MATCH (s:Customer {id: row.survivor})
  CREATE (r)-[:MERGED_INTO {at: $at}]->(s)
  WITH r, s, row
  CALL (s, row) {
    WITH s, row WHERE NOT EXISTS { (s)-[:OWNED]->(:Identifier) }
    UNWIND row.kept AS uid
    MATCH (i:Identifier {uid: uid})
    CREATE (s)-[:OWNED]->(i)
  }
  WITH r, s
  MATCH (earlier:Customer)-[m:MERGED_INTO]->(r)
  CREATE (earlier)-[:MERGED_INTO {at: m.at, by_way_of: coalesce(m.by_way_of, []) + r.id}]->(s)
  DELETE m
}
