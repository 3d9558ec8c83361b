// Purpose: Who living customers are now: their identifiers.
// Mode: READ
// Param: ids LIST<STRING>, living or retired
// Column: asked STRING
// Column: id STRING or null: of the living customer; null when that was erased; asked ids that nobody has are missing
// Column: identifiers LIST<LIST>: [uid, namespace, status, first_seen ms]
// Index: customer_id
UNWIND $ids AS asked
MATCH (named:Customer {id: asked})
OPTIONAL MATCH (named)-[:MERGED_INTO]->(heir:Customer)
WITH asked, coalesce(heir, named) AS c
WHERE c:Erased OR NOT c:Retired
RETURN asked AS asked, CASE WHEN c:Erased THEN null ELSE c.id END AS id,
  [(c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) | [i.uid, i.namespace, i.status, i.first_seen]] AS identifiers
