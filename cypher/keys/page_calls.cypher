// Purpose: Calls that are no events in the order of their keys, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: traits, group_traits, context and extra BYTES, JSON or null, blocked BYTES or null]
// Index: call_id
MATCH (n:Call) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $count
RETURN collect([n.id, [n.traits, n.group_traits, n.context, n.extra, n.blocked]]) AS rows
