// Purpose: Links stored between identifiers of a component.
// Mode: READ
// Param: uids LIST<STRING>
// Column: a STRING
// Column: b STRING
// Column: status STRING
// Column: reason STRING or null
// Column: last_at INT ms
// Column: count INT
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (a:Identifier {uid: uid})-[l:LINKED]->(b:Identifier)
RETURN a.uid AS a, b.uid AS b, l.status AS status, l.reason AS reason, l.last_at AS last_at, l.count AS count
