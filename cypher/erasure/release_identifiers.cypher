// Purpose: Identifiers that exist no longer: nothing of them is left but the calls below, until these are deleted.
// Mode: WRITE
// Param: uids LIST<STRING>, sorted
// Param: decision STRING
// Index: identifier_uid
// TRICKY: the node stays while calls hang on it, so that whoever waits for its lock finds it changed, not missing.
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
CALL (i) {
  MATCH (i)-[:REPORTED]->(o:Observation)
  DETACH DELETE o
}
CALL (i) {
  MATCH (i)-[r:HAS|HAD|OWNED|LINKED|NAMES|SAW|MEMBER_OF|LISTED_IN|GIVES]-()
  DELETE r
}
REMOVE i:Identifier
SET i = {decision: $decision}
SET i:Erasing
