// Purpose: serialise changes of segment definitions, and tell every reader that one happened.
// Mode: WRITE
// Column: catalogue INTEGER, the new value
// Index: counter_name
MERGE (n:Counter {name: 'catalogue'})
SET n.value = coalesce(n.value, 0) + 1
RETURN n.value AS catalogue
