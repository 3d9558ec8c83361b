// Purpose: How many calls an erasure has still to delete.
// Mode: READ
// Param: decision STRING
// Column: count INT
// Index: erasing_decision
MATCH (x:Erasing {decision: $decision})
RETURN coalesce(sum(COUNT { (x)-[:DID|CALLED|WITHDRAWN]->() }), 0) AS count
