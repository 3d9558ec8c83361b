// Purpose: The attributes of living customers, which their consents are among.
// Mode: READ
// Param: ids LIST<STRING>, living or retired
// Column: asked STRING; those that nobody has are missing
// Column: id STRING, of the living one
// Column: attributes BYTES or JSON
// Index: customer_id
UNWIND $ids AS asked
MATCH (named:Customer {id: asked})
OPTIONAL MATCH (named)-[:MERGED_INTO]->(heir:Customer)
WITH asked, coalesce(heir, named) AS c
WHERE NOT c:Retired
RETURN asked AS asked, c.id AS id, c.attributes AS attributes
