// Purpose: Those of the items of the review list whose cause is still there, with what they are about now.
// Mode: READ
// Param: ids LIST<STRING>
// Column: id STRING
// Column: kind STRING
// Column: state STRING
// Column: since INT ms or null
// Column: place STRING or null
// Column: namespace STRING or null
// Column: least INT or null
// Column: size INT
// Column: customers LIST<STRING>
// Column: identifiers LIST<LIST>: [uid, namespace, cipher]
// Column: blocking LIST<STRING> uids
// Index: review_id
// Index: identifier_uid
// Index: customer_id
// Of people seen with a shared identifier a few are enough: a kiosk was seen with everybody.
UNWIND $ids AS id
MATCH (r:Review {id: id})
CALL (r) {
  WITH r WHERE r.kind = 'REJECTED_LINK'
  MATCH (a:Identifier {uid: r.uids[0]})
  MATCH (b:Identifier {uid: r.uids[1]})
  MATCH (a)-[l:LINKED]->(b)
  WHERE l.status = 'rejected'
  MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(a)
  MATCH (d:Customer)-[k:HAS WHERE k.to IS NULL]->(b)
  WHERE c <> d
  RETURN 2 AS size, [c.id, d.id] AS customers, [a, b] AS found, l.blocking AS blocking
  UNION ALL
  WITH r WHERE r.kind = 'SHARED_IDENTIFIER'
  MATCH (i:Identifier {uid: r.uids[0]})
  WHERE i.status = 'SHARED'
  CALL (i) {
    MATCH (i)<-[:SAW]-(:Evidence)-[:SAW]->(other:Identifier)
    WITH other LIMIT 100
    MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(other)
    WITH DISTINCT c LIMIT 10
    RETURN collect(c.id) AS customers
  }
  RETURN size(customers) AS size, customers AS customers, [i] AS found, [] AS blocking
  UNION ALL
  WITH r WHERE r.kind = 'NEAR_LIMIT'
  MATCH (c:Customer {id: r.customer})-[h:HAS WHERE h.to IS NULL]->(i:Identifier)
  WHERE i.namespace = r.namespace
  WITH r, c, collect(i) AS found
  WHERE size(found) >= r.least
  RETURN size(found) AS size, [c.id] AS customers, found AS found, [] AS blocking
  UNION ALL
  WITH r WHERE r.kind = 'LARGE_CUSTOMER'
  MATCH (c:Customer {id: r.customer})
  WITH r, c, COUNT { (c)-[h:HAS WHERE h.to IS NULL]->(:Identifier) } AS size
  WHERE size >= r.least
  RETURN size AS size, [c.id] AS customers, [] AS found, [] AS blocking
}
RETURN r.id AS id, r.kind AS kind, r.state AS state, r.since AS since, r.place AS place, r.namespace AS namespace,
  r.least AS least, size AS size, customers AS customers, [i IN found | [i.uid, i.namespace, i.cipher]] AS identifiers,
  blocking AS blocking
