// Purpose: Who customers mean now and by way of whom, and the version at which that was so.
// Mode: READ
// Param: ids LIST<STRING>, living or retired
// Column: asked STRING; ids that nobody ever had are missing
// Column: path LIST<STRING>, from the id itself over those into whom it was merged to who it means now
// Column: version INTEGER, null when it means nobody
// Index: customer_id
UNWIND $ids AS asked
MATCH (named:Customer {id: asked})
OPTIONAL MATCH (named)-[m:MERGED_INTO]->(heir:Customer)
WITH asked, m, heir, coalesce(heir, named) AS c
RETURN asked AS asked,
  [asked] + coalesce(m.by_way_of, []) + CASE WHEN heir IS NULL THEN [] ELSE [heir.id] END AS path,
  CASE WHEN c:Retired THEN null ELSE c.version END AS version
