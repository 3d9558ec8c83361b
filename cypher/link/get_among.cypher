// Purpose: Links stored from identifiers to others.
// Mode: READ
// Param: uids LIST<STRING>
// Column: links LIST<LIST>: [a uid, b uid, status, reason or null, number of sets INT, blocking LIST<STRING> or null]
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (a:Identifier {uid: uid})-[l:LINKED]->(b:Identifier)
RETURN collect([a.uid, b.uid, l.status, l.reason, l.count, l.blocking]) AS links
