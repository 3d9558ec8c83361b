// Purpose: Who an id means now, and the ids that person had before.
// Mode: READ
// Param: id STRING, living or retired
// Column: id STRING, of the living customer; no row for an id that nobody has any more
// Column: created_at INT ms
// Column: updated_at INT ms
// Column: earlier LIST<STRING>, ids that were merged into it, in no order
// Index: customer_id
MATCH (named:Customer {id: $id})
OPTIONAL MATCH (named)-[:MERGED_INTO]->(heir:Customer)
WITH coalesce(heir, named) AS c
WHERE NOT c:Retired
RETURN c.id AS id, c.created_at AS created_at, c.updated_at AS updated_at,
  [(earlier:Customer)-[:MERGED_INTO]->(c) | earlier.id] AS earlier
