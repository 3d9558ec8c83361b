// Purpose: Tell every later commit that instants up to this one are about to be swept.
// Mode: WRITE
// Param: until INT ms
// Column: swept_until INT ms
// Index: counter_name
MERGE (k:Counter {name: 'changes'})
ON CREATE SET k.value = 0, k.swept_until = $until
ON MATCH SET k.swept_until = CASE WHEN k.swept_until > $until THEN k.swept_until ELSE $until END
RETURN k.swept_until AS swept_until
