// Purpose: The identifiers of living customers, to hang on them what is said of the person.
// Mode: READ
// Param: id STRING, living or retired
// Column: customer STRING, of the living one; no row for an id that nobody has
// Column: attributes BYTES or JSON
// Column: identifiers LIST<LIST>: [uid, namespace, status, last_seen ms, cipher BYTES or null]
// Index: customer_id
MATCH (named:Customer {id: $id})
OPTIONAL MATCH (named)-[:MERGED_INTO]->(heir:Customer)
WITH coalesce(heir, named) AS c
WHERE NOT c:Retired
RETURN c.id AS customer, c.attributes AS attributes,
  [(c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) | [i.uid, i.namespace, i.status, i.last_seen, i.cipher]] AS identifiers
