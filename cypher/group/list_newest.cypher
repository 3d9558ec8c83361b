// Purpose: The traits that the newest calls which name groups gave; several where calls were made at the same time.
// Mode: READ
// Param: keys LIST<STRING>, of locked groups
// Column: key STRING; groups that no call names are missing
// Column: at INT ms
// Column: told LIST<LIST>: [id of the call, traits BYTES or JSON]
// Index: called_group_at
// TRICKY: in the order of the index, so that the newest is the first. On a graph with few groups the planner would pass
// over the calls of all of them instead.
UNWIND $keys AS key
CALL (key) {
  MATCH (:Identifier)-[d:CALLED]->(:Call)
  USING INDEX SEEK d:CALLED(group, at)
  WHERE d.group = key AND d.at >= 0
  RETURN d.at AS at
  ORDER BY d.group DESC, d.at DESC LIMIT 1
}
CALL (key, at) {
  MATCH (:Identifier)-[d:CALLED]->(call:Call)
  USING INDEX SEEK d:CALLED(group, at)
  WHERE d.group = key AND d.at = at
  RETURN collect([call.id, call.group_traits]) AS told
}
RETURN key AS key, at AS at, told AS told
