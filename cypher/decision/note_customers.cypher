// Purpose: Customers that a decision turned out to be about.
// Mode: WRITE
// Param: id STRING
// Param: customers LIST<STRING>, sorted
// Index: decision_id
// Index: customer_id
MATCH (d:Decision {id: $id})
UNWIND $customers AS id
MATCH (c:Customer {id: id})
MERGE (c)<-[:ABOUT]-(d)
