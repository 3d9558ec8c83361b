// Purpose: A group's traits are those of the newest call that names it, ties by value; a group that none names goes.
// Mode: WRITE
// Param: keys LIST<STRING>, sorted, of locked groups
// Index: group_key
// Index: called_group_at
// TRICKY: in the order of the index, so that the newest is the first. On a graph with few groups the planner would pass
// over the calls of all of them instead.
UNWIND $keys AS key
MATCH (g:Group {key: key})
CALL (key) {
  MATCH (:Identifier)-[d:CALLED]->(call:Call)
  USING INDEX SEEK d:CALLED(group, at)
  WHERE d.group = key AND d.at >= 0
  WITH d.at AS at, call.group_traits AS traits
  ORDER BY d.group DESC, d.at DESC, traits DESC LIMIT 1
  RETURN collect({at: at, traits: traits})[0] AS newest
}
SET g.at = newest.at, g.traits = newest.traits
WITH g, newest
WHERE newest IS NULL
DETACH DELETE g
