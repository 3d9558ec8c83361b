// Purpose: The groups of identifiers: those that their calls name, and those that they are stored to be in.
// Mode: READ
// Param: uids LIST<STRING>
// Column: uid STRING
// Column: key STRING, of the group
// Column: named_at INT ms, the earliest call that names it; null when none does
// Column: stored_at INT ms; null when it is not stored
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
CALL (i) {
  MATCH (i)-[d:CALLED]->()
  WHERE d.group IS NOT NULL
  RETURN d.group AS key, d.at AS named, null AS stored
  UNION ALL
  MATCH (i)-[m:MEMBER_OF]->(g:Group)
  RETURN g.key AS key, null AS named, m.at AS stored
}
RETURN uid AS uid, key AS key, min(named) AS named_at, min(stored) AS stored_at
