// Purpose: Versions of customers. Whoever changes what they have, or its evidence, counts them up.
// Mode: READ
// Param: ids LIST<STRING>
// Column: versions LIST<LIST>: [id, version INT]; unknown ids are missing
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})
RETURN collect([c.id, c.version]) AS versions
