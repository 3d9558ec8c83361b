// Purpose: put locked identifiers on a segment's list, or note that they are on it still.
// Mode: WRITE
// Param: key STRING, the segment's
// Param: uids LIST OF STRING, sorted
// Param: round INTEGER
// Param: now_ms INTEGER
// Column: listed INTEGER, 0 when the segment is archived or gone
// Index: segment_key
// Index: identifier_uid
MATCH (s:Segment {key: $key}) WHERE NOT s.status IN ['DELETING', 'OFFLINE']
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})
WITH s, i, [(i)-[l:LISTED_IN]->(:Segment) WHERE l.segment = $key | l] AS known
FOREACH (l IN known | SET l.round = $round)
FOREACH (_ IN CASE WHEN known = [] THEN [1] ELSE [] END |
  CREATE (i)-[:LISTED_IN {segment: $key, round: $round, at: $now_ms}]->(s))
RETURN count(*) AS listed
