// Purpose: Derived attributes of customers.
// Mode: WRITE
// Param: rows LIST<MAP>: {id, attributes JSON, search_name STRING or null}
// Index: customer_id
UNWIND $rows AS row
MATCH (c:Customer {id: row.id})
SET c.attributes = row.attributes, c.search_name = row.search_name
