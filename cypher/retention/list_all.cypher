// Purpose: How long events and attributes are kept, by key.
// Mode: READ
// Column: key STRING
// Column: kind STRING, EVENT or ATTRIBUTE
// Column: name STRING
// Column: days INT
// Column: reason STRING
// Column: at INT ms, when it was said
MATCH (r:Retention)
RETURN r.key AS key, r.kind AS kind, r.name AS name, r.days AS days, r.reason AS reason, r.at AS at
ORDER BY key
