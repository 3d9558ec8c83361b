// Purpose: All observations over the open identifiers of customers.
// Mode: READ
// Param: ids LIST<STRING>, customers
// Column: customer STRING
// Column: name STRING
// Column: value STRING JSON
// Column: at INT ms
// Column: source STRING
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[:REPORTED]->(o:Observation)
RETURN c.id AS customer, o.name AS name, o.value AS value, o.at AS at, o.source AS source
