// Purpose: The sweep is complete up to an instant.
// Mode: WRITE
// Param: until INT ms
// Index: counter_name
MERGE (k:Counter {name: 'sweep'})
SET k.value = CASE WHEN coalesce(k.value, 0) > $until THEN k.value ELSE $until END
