// Purpose: Delete what was left of identifiers while calls hung on them.
// Mode: WRITE
// Param: decision STRING
// Index: erasing_decision
MATCH (x:Erasing {decision: $decision})
DETACH DELETE x
