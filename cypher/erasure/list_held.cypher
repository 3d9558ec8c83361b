// Purpose: What a customer has and had: the identifiers, and whether anybody else has or had them.
// Mode: READ
// Param: id STRING, a living customer
// Column: uid STRING
// Column: alone BOOLEAN: nobody else
// Column: stretches LIST<LIST>: [from ms, to ms or null], the customer's, in no order
// Index: customer_id
MATCH (c:Customer {id: $id})-[h:HAS]->(i:Identifier)
WITH c, i, collect([h.from, h.to]) AS stretches
RETURN i.uid AS uid, NOT EXISTS { (i)<-[:HAS]-(o:Customer) WHERE o <> c } AS alone, stretches AS stretches
