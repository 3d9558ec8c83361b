// Purpose: Calls that an erasure has still to delete.
// Mode: READ
// Param: decision STRING
// Param: count INT
// Column: id STRING
// Index: erasing_decision
MATCH (x:Erasing {decision: $decision})
MATCH (x)-[:DID|CALLED|WITHDRAWN]->(call)
RETURN call.id AS id
LIMIT $count
