// Purpose: A customer's newest events.
// Mode: READ
// Param: id STRING
// Param: count INTEGER
// Column: id STRING
// Column: name STRING
// Column: at INTEGER
// Column: received_at INTEGER
// Column: source STRING
// Column: properties STRING JSON
// Index: customer_id
MATCH (:Customer {id: $id})-[h:HAS WHERE h.to IS NULL]->(:Identifier)-[d:DID]->(e:Event)
RETURN e.id AS id, e.name AS name, e.at AS at, e.received_at AS received_at, e.source AS source, e.properties AS properties
ORDER BY d.at DESC LIMIT $count
