// Purpose: What people wrote as the reason of decisions about some customers alone is forgotten; why they were erased is kept.
// Mode: WRITE
// Param: ids LIST<STRING>
// Index: customer_id
UNWIND $ids AS id
MATCH (:Customer {id: id})<-[:ABOUT]-(d:Decision)
WITH DISTINCT d
WHERE d.author <> 'resolver' AND d.kind <> 'ERASE' AND NOT EXISTS { (d)-[:ABOUT]->(o:Customer) WHERE NOT o.id IN $ids }
SET d.reason = null
