// Purpose: Lock groups in the order of the keys; create those that are not there.
// Mode: WRITE
// Param: keys LIST<STRING>, sorted
// Column: locked INT, fewer than there are keys when another transaction deleted one while this one waited for its lock
// Index: group_key
// TRICKY: a plain SET, as in apply/lock_people. On a node that is gone it does nothing.
UNWIND $keys AS key
MERGE (g:Group {key: key})
SET g.key = key
WITH key, g
MATCH (there:Group {key: key})
WHERE there = g
RETURN count(*) AS locked
