// Purpose: Version of what people said of names, and how many values came under names beyond the limits.
// Mode: READ
// Column: version INT, 0 before the first
// Column: unlisted INT
// Index: counter_name
OPTIONAL MATCH (k:Counter {name: 'registry'})
RETURN coalesce(k.value, 0) AS version, coalesce(k.unlisted, 0) AS unlisted
