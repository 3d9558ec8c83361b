// Purpose: The next positions of the change log, in commit order: the lock is held until the commit.
// Mode: WRITE
// Param: count INT, positions wanted; 0 only reads swept_until under the lock
// Column: last INT, the last position taken
// Column: swept_until INT ms
// Index: counter_name
MERGE (k:Counter {name: 'changes'})
ON CREATE SET k.value = $count, k.swept_until = 0
ON MATCH SET k.value = k.value + $count
RETURN k.value AS last, k.swept_until AS swept_until
