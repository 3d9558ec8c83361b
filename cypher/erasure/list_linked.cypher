// Purpose: Pairs of identifiers that any link ever joined, of some identifiers.
// Mode: READ
// Param: uids LIST<STRING>
// Column: a STRING, of the two ends the one whose uid comes first
// Column: b STRING
// Index: identifier_uid
UNWIND $uids AS uid
MATCH (i:Identifier {uid: uid})-[:LINKED]-(o:Identifier)
WITH CASE WHEN i.uid < o.uid THEN [i.uid, o.uid] ELSE [o.uid, i.uid] END AS ends
RETURN DISTINCT ends[0] AS a, ends[1] AS b
