// Purpose: Version of the rule catalogue and the instant up to which the sweep is complete.
// Mode: READ
// Column: catalogue INT
// Column: swept INT ms, 0 before the first sweep
// Index: counter_name
OPTIONAL MATCH (k:Counter {name: 'catalogue'})
OPTIONAL MATCH (s:Counter {name: 'sweep'})
RETURN coalesce(k.value, 0) AS catalogue, coalesce(s.value, 0) AS swept
