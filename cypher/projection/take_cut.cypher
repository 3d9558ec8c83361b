// Purpose: How far the log of changes and the notes of what was touched go, when whoever wrote the last of them has ended.
// Mode: WRITE
// Param: now INT ms
// Column: changes INT, the last position of a change
// Column: touched INT, the last position of a note
// Index: counter_name
// TRICKY: a commit becomes visible record by record: its count can be read before its notes, and these before what they
// name. It holds the counter's lock until all of it is there, so whoever gets the lock sees all.
MATCH (k:Counter {name: 'changes'})
SET k.followed_at = $now
RETURN k.value AS changes, coalesce(k.touched, 0) AS touched
