// Purpose: Lines of the log name some identifiers no more.
// Mode: WRITE
// Param: uids LIST<STRING>
// Index: decision_a
// Index: decision_b
UNWIND $uids AS uid
CALL (uid) {
  MATCH (d:Decision {a: uid})
  RETURN d
  UNION
  MATCH (d:Decision {b: uid})
  RETURN d
}
SET d.a = null, d.b = null, d.evidence = null
