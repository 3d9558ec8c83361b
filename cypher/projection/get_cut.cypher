// Purpose: How far the log of changes and the notes of what was touched go; 0 rows before the first transaction.
// Mode: READ
// Column: changes INT, the last position of a change
// Column: touched INT, the last position of a note
// Index: counter_name
MATCH (k:Counter {name: 'changes'})
RETURN k.value AS changes, coalesce(k.touched, 0) AS touched
