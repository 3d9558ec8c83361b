// Purpose: Which segments customers are in.
// Mode: READ
// Param: ids LIST<STRING>
// Column: members LIST<LIST>: [customer, segment, since ms]
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})-[m:IN_SEGMENT]->()
RETURN collect([c.id, m.segment, m.since]) AS members
