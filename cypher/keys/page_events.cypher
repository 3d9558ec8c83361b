// Purpose: Events in the order of their keys, with what is encrypted on them.
// Mode: READ
// Param: after STRING
// Param: count INT
// Column: rows LIST<LIST>: [key, held LIST: properties BYTES or JSON, context and extra BYTES, JSON or null, blocked and traits BYTES or null]
// Index: event_id
MATCH (n:Event) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $count
RETURN collect([n.id, [n.properties, n.context, n.extra, n.blocked, n.traits]]) AS rows
