// Purpose: One change of roles, users and keys after another.
// Mode: WRITE
// Index: counter_name
MERGE (n:Counter {name: 'access'})
SET n.value = coalesce(n.value, 0) + 1
