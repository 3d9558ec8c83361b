// Purpose: Customers with a value of a tag that names an instant in a range.
// Mode: READ
// Param: ranges LIST<MAP>: {name, after ms (open), until ms (closed)}
// Column: name STRING
// Column: customer STRING
// Index: tagged_instant
UNWIND $ranges AS range
MATCH (:Customer)-[t:TAGGED]->(:Tag)
WHERE t.tag = range.name AND t.instant > range.after AND t.instant <= range.until
RETURN range.name AS name, t.customer AS customer
