// Purpose: Customers with an attribute whose value names an instant in a range.
// Mode: READ
// Param: ranges LIST<MAP>: {name, after ms (open), until ms (closed)}
// Column: name STRING
// Column: customer STRING
// Index: observation_name_instant
UNWIND $ranges AS range
MATCH (o:Observation)
WHERE o.name = range.name AND o.instant > range.after AND o.instant <= range.until
MATCH (o)<-[:REPORTED]-(:Identifier)<-[h:HAS]-(c:Customer)
RETURN DISTINCT range.name AS name, c.id AS customer
