// Purpose: The last position given to a change; 0 rows before the first.
// Mode: READ
// Column: position INTEGER
// Index: counter_name
MATCH (n:Counter {name: 'changes'})
RETURN n.value AS position
