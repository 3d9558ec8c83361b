// Purpose: Who living customers are now: their identifiers.
// Mode: READ
// Param: ids LIST<STRING>, living or retired
// Column: asked STRING
// Column: id STRING, of the living customer; asked ids that nobody has are missing
// Column: identifiers LIST<LIST>: [uid, namespace, status, first_seen ms]
// Index: customer_id
UNWIND $ids AS asked
MATCH (named:Customer {id: asked})
OPTIONAL MATCH (named)-[:MERGED_INTO]->(heir:Customer)
WITH asked, coalesce(heir, named) AS c
WHERE NOT c:Retired
RETURN asked AS asked, c.id AS id,
  [(c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) | [i.uid, i.namespace, i.status, i.first_seen]] AS identifiers
