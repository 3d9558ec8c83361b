// Purpose: Note how far the sweep is, and tell every later commit that further instants are about to be swept.
// Mode: WRITE
// Param: done INT ms, the sweep is complete up to here; 0 for nothing to note
// Param: now INT ms
// Param: step INT ms, most to sweep at once
// Column: after INT ms, the sweep is complete up to here
// Column: until INT ms, announced
// Column: catalogue INT, version of the rule catalogue
// Index: counter_name
MERGE (s:Counter {name: 'sweep'})
ON CREATE SET s.value = $now - 1
ON MATCH SET s.value = CASE WHEN $done > s.value THEN $done ELSE s.value END
WITH s.value AS after
WITH after, CASE WHEN $now < after + $step THEN $now ELSE after + $step END AS until
MERGE (k:Counter {name: 'changes'})
ON CREATE SET k.value = 0, k.swept_until = until
ON MATCH SET k.swept_until = CASE WHEN k.swept_until > until THEN k.swept_until ELSE until END
WITH after, until
OPTIONAL MATCH (c:Counter {name: 'catalogue'})
RETURN after AS after, until AS until, coalesce(c.value, 0) AS catalogue
