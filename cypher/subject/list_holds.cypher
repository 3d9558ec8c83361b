// Purpose: The identifiers that a customer has and had, and when.
// Mode: READ
// Param: id STRING, a living customer
// Column: uid STRING
// Column: namespace STRING
// Column: cipher BYTES or null, when no call has shown it
// Column: status STRING
// Column: start INT ms
// Column: until INT ms or null: the customer has it now
// Column: whole BOOLEAN: nobody else ever had it
// Column: first_seen INT ms or null
// Column: last_seen INT ms or null
// Index: customer_id
MATCH (c:Customer {id: $id})-[h:HAS]->(i:Identifier)
RETURN i.uid AS uid, i.namespace AS namespace, i.cipher AS cipher, i.status AS status, h.from AS start, h.to AS until,
  NOT EXISTS { (i)<-[:HAS]-(o:Customer) WHERE o <> c } AS whole, i.first_seen AS first_seen, i.last_seen AS last_seen
