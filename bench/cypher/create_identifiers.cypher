// Purpose: Identifiers of a generated stream, with their customers.
// Mode: WRITE
// Param: rows LIST<MAP>: {uid, namespace, cipher BYTES, status, first_seen ms, last_seen ms, holds LIST<LIST>: [from ms, to ms or null, customer, whole BOOLEAN]}
// Param: at INT ms
// Index: customer_id
UNWIND $rows AS row
CREATE (i:Identifier {uid: row.uid, namespace: row.namespace, cipher: row.cipher, status: row.status,
  first_seen: row.first_seen, last_seen: row.last_seen})
WITH i, row
UNWIND row.holds AS hold
MATCH (c:Customer {id: hold[2]})
CREATE (c)-[:HAS {from: hold[0], to: hold[1], via: row.uid, whole: hold[3], at: $at}]->(i)
