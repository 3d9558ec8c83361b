// Purpose: Let changes of retention take turns.
// Mode: WRITE
// Index: counter_name
MERGE (c:Counter {name: 'retention'})
SET c.value = coalesce(c.value, 0) + 1
