// Purpose: What somebody decided, with the identifiers that it names.
// Mode: WRITE
// Param: id STRING
// Param: kind STRING
// Param: at INT ms
// Param: author STRING
// Param: reason STRING
// Param: policy_version INT
// Param: subject STRING or null: the call or the decision that it is about
// Param: members LIST<MAP>, sorted by uid: {uid, side BOOLEAN}
// Param: customers LIST<STRING>
// Index: identifier_uid
// Index: customer_id
CREATE (d:Decision {id: $id, kind: $kind, at: $at, author: $author, reason: $reason, policy_version: $policy_version,
  subject: $subject, active: true})
WITH d
CALL (d) {
  UNWIND $members AS member
  MATCH (i:Identifier {uid: member.uid})
  SET i.decided = true
  CREATE (d)-[:NAMES {side: member.side}]->(i)
}
CALL (d) {
  UNWIND $customers AS id
  MATCH (c:Customer {id: id})
  CREATE (c)<-[:ABOUT]-(d)
}
