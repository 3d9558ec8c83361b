// Purpose: every source that has sent a call.
// Mode: READ
// Column: key STRING
// Index: source_key
MATCH (s:Source) WHERE s.key >= '' RETURN s.key AS key ORDER BY key
