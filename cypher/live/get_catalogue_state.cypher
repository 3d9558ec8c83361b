// Purpose: Version of the rule catalogue and how far the sweep has looked.
// Mode: READ
// Column: catalogue INT
// Column: swept_until INT ms
// Index: counter_name
OPTIONAL MATCH (k:Counter {name: 'catalogue'})
OPTIONAL MATCH (s:Counter {name: 'changes'})
RETURN coalesce(k.value, 0) AS catalogue, coalesce(s.swept_until, 0) AS swept_until
