// Purpose: Bring the stretches of time in which customers held identifiers up to date.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by uid: {uid, remove LIST<INT ms>: where a stretch began, add LIST<LIST>: [from ms, to ms or null, via uid, customer, whole BOOLEAN]}
// Param: at INT ms
// Index: identifier_uid
// Index: customer_id
UNWIND $rows AS row
MATCH (i:Identifier {uid: row.uid})
CALL (i, row) {
  MATCH (i)<-[old:HAS]-(:Customer)
  WHERE old.from IN row.remove
  DELETE old
}
CALL (i, row) {
  UNWIND row.add AS hold
  MATCH (c:Customer {id: hold[3]})
  CREATE (c)-[:HAS {from: hold[0], to: hold[1], via: hold[2], whole: hold[4], at: $at}]->(i)
}
