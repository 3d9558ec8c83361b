// Purpose: Identifiers of some namespaces that others were seen together with, blocked ones apart.
// Mode: READ
// Param: uids LIST<STRING>
// Param: prefixes LIST<STRING>, of the uids of the namespaces
// Param: count INT, no more than these for each
// Column: uid STRING
// Column: partners LIST<STRING> uids, each once
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
CALL (i) {
  MATCH (i)<-[:SAW]-(e:Evidence)-[:SAW]->(o:Identifier)
  WHERE e.count > 0 AND o <> i AND o.status <> 'BLOCKED' AND any(prefix IN $prefixes WHERE o.uid STARTS WITH prefix)
  WITH DISTINCT o LIMIT $count
  RETURN collect(o.uid) AS partners
}
RETURN i.uid AS uid, partners AS partners
