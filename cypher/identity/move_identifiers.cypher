// Purpose: Give identifiers to customers; the earlier owner keeps a closed interval.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, customer, at ms, via STRING}
// Index: identifier_uid
// Index: customer_id
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
MATCH (c:Customer {id: row.customer})
CALL (i, row) {
  MATCH (i)<-[old:HAS WHERE old.to IS NULL]-(:Customer)
  SET old.to = row.at
}
CREATE (c)-[:HAS {from: row.at, via: row.via}]->(i)
