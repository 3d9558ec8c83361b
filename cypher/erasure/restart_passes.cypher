// Purpose: Decisions whose pass over all identifiers stands at one of some begin it again: they do not know those any more.
// Mode: WRITE
// Param: uids LIST<STRING>
// Index: decision_state
MATCH (d:Decision {state: 'RUNNING'})
WHERE d.after IN $uids
SET d.after = '', d.looked_at_count = 0
