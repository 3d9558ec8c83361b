// Purpose: the identifiers that customers have now, from which one is chosen to stand for each on a list.
// Mode: READ
// Param: ids LIST OF STRING, living or retired
// Column: asked STRING; ids that mean nobody are missing
// Column: identifiers LIST OF [uid, namespace], of whom the id means now
// Index: customer_id
UNWIND $ids AS asked
MATCH (named:Customer {id: asked})
OPTIONAL MATCH (named)-[:MERGED_INTO]->(heir:Customer)
WITH asked, coalesce(heir, named) AS c
WHERE NOT c:Retired
RETURN asked AS asked, [(c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) | [i.uid, i.namespace]] AS identifiers
