// Purpose: Forget what the resolver noted of customers alone.
// Mode: WRITE
// Param: ids LIST<STRING>
// Index: customer_id
UNWIND $ids AS id
MATCH (:Customer {id: id})<-[:ABOUT]-(d:Decision)
WITH DISTINCT d
WHERE d.author = 'resolver' AND NOT EXISTS { (d)-[:ABOUT]->(o:Customer) WHERE NOT o.id IN $ids }
DETACH DELETE d
