// Purpose: A customer's identifiers.
// Mode: READ
// Param: id STRING
// Column: uid STRING
// Column: namespace STRING
// Column: cipher BYTES
// Column: first_seen INTEGER
// Column: last_seen INTEGER
// Index: customer_id
MATCH (:Customer {id: $id})-[h:HAS WHERE h.to IS NULL]->(i:Identifier)
RETURN i.uid AS uid, i.namespace AS namespace, i.cipher AS cipher, i.first_seen AS first_seen, i.last_seen AS last_seen
