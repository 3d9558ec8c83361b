// Purpose: The instant up to which the sweep is complete.
// Mode: READ
// Column: value INT ms
// Index: counter_name
OPTIONAL MATCH (k:Counter {name: 'sweep'})
RETURN coalesce(k.value, 0) AS value
