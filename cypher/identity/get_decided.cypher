// Purpose: What people decided about identifiers, as far as it stands.
// Mode: READ
// Param: uids LIST<STRING>
// Column: id STRING
// Column: kind STRING: 'MUST_LINK' or 'CANNOT_LINK'
// Column: members LIST<LIST>: [uid, side BOOLEAN], of the whole decision
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:NAMES]-(d:Decision)
WITH DISTINCT d
WHERE d.active AND d.kind IN ['MUST_LINK', 'CANNOT_LINK']
RETURN d.id AS id, d.kind AS kind, [(d)-[n:NAMES]->(i:Identifier) | [i.uid, n.side]] AS members
