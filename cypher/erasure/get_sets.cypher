// Purpose: Sets of identifiers that name any of some.
// Mode: READ
// Param: uids LIST<STRING>
// Column: key STRING, each once
// Column: source STRING
// Column: first_at INT ms
// Column: last_at INT ms
// Column: members LIST<LIST>: [uid, verified BOOLEAN]
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (:Identifier {uid: uid})<-[:SAW]-(e:Evidence)
WITH DISTINCT e
RETURN e.key AS key, e.source AS source, e.first_at AS first_at, e.last_at AS last_at,
  [(e)-[s:SAW]->(i:Identifier) | [i.uid, s.verified]] AS members
