// Purpose: who is meant by each row, and the version that tells whether a cached profile is still true.
// Mode: READ
// Param: rows LIST OF {key INTEGER, uid STRING|null, id STRING|null}, at most a few hundred; one of uid and id is set
// Column: key INTEGER, as given
// Column: id STRING, the living customer; rows without one are missing
// Column: version INTEGER
// Column: catalogue INTEGER, moves with every change of the segments' definitions
// Index: identifier_uid
// Index: customer_id
// Index: counter_name
OPTIONAL MATCH (n:Counter {name: 'catalogue'})
WITH coalesce(n.value, 0) AS catalogue
UNWIND $rows AS row
OPTIONAL MATCH (:Identifier {uid: row.uid})<-[h:HAS WHERE h.to IS NULL]-(owner:Customer)
OPTIONAL MATCH (named:Customer {id: row.id})
OPTIONAL MATCH (named)-[:MERGED_INTO]->(heir:Customer)
WITH catalogue, row, coalesce(owner, heir, named) AS c
WHERE c IS NOT NULL AND NOT c:Retired
RETURN row.key AS key, c.id AS id, c.version AS version, catalogue AS catalogue
