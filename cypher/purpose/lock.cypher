// Purpose: Let changes of purposes take turns.
// Mode: WRITE
// Index: counter_name
MERGE (c:Counter {name: 'purposes'})
SET c.value = coalesce(c.value, 0) + 1
