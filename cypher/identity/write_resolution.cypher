// Purpose: What a resolution changes, in one statement: new customers, customers that exist no longer, who has what when, links and the log.
// Mode: WRITE
// Param: created LIST<STRING>, ids of new customers
// Param: retired LIST<MAP>, sorted by retired: {retired, survivor or null, had LIST<STRING> uids, kept LIST<STRING> uids: what the survivor had}
// Param: holds LIST<MAP>, sorted by uid: {uid, remove LIST<INT ms>: where a stretch began, add LIST<LIST>: [from ms, to ms or null, via uid, customer, whole BOOLEAN]}
// Param: links LIST<MAP>, sorted by a and b: {a, b, status, reason or null, blocking LIST<STRING> or null, first_at ms, last_at ms, count INT, evidence LIST<STRING>, decision or null}
// Param: decisions LIST<MAP>: {id, kind, at ms, customer, other or null, a uid or null, b uid or null, reason or null, evidence STRING or null}
// Param: at INT ms
// Param: policy_version INT
// Index: customer_id
// Index: identifier_uid
CALL () {
  UNWIND $created AS id
  CREATE (:Customer {id: id, version: 1, created_at: $at, updated_at: $at, attributes: '{}'})
}
// Merged customers point at their survivor for ever, chains stay one step long. What they had is kept for the day when a
// merge is undone.
CALL () {
  UNWIND $retired AS row
  MATCH (r:Customer {id: row.retired})
  SET r:Retired, r.version = r.version + 1, r.updated_at = $at, r.search_tokens = null, r.search_name = null
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
}
// Most stretches are by way of the identifier itself and for ever: neither is written.
CALL () {
  UNWIND $holds AS row
  MATCH (i:Identifier {uid: row.uid})
  CALL (i, row) {
    MATCH (i)<-[old:HAS]-(:Customer)
    WHERE old.from IN row.remove
    DELETE old
  }
  CALL (i, row) {
    UNWIND row.add AS hold
    MATCH (c:Customer {id: hold[3]})
    CREATE (c)-[:HAS {from: hold[0], to: hold[1], via: CASE WHEN hold[2] <> row.uid THEN hold[2] END,
      whole: CASE WHEN NOT hold[4] THEN false END, at: $at}]->(i)
  }
}
CALL () {
  UNWIND $links AS row
  MATCH (a:Identifier {uid: row.a})
  MATCH (b:Identifier {uid: row.b})
  MERGE (a)-[l:LINKED]->(b)
  SET l.status = row.status, l.reason = row.reason, l.blocking = row.blocking, l.rule_version = $policy_version,
    l.first_at = row.first_at, l.last_at = row.last_at, l.count = row.count, l.evidence = row.evidence,
    l.decision = row.decision
}
CALL () {
  UNWIND $decisions AS row
  CREATE (d:Decision {id: row.id, kind: row.kind, at: row.at, customer: row.customer, other: row.other, a: row.a, b: row.b,
    reason: row.reason, evidence: row.evidence, policy_version: $policy_version, author: 'resolver'})
  WITH row, d
  UNWIND [row.customer, row.other] AS id
  MATCH (c:Customer {id: id})
  CREATE (c)<-[:ABOUT]-(d)
}
