// Purpose: Derived attributes of customers.
// Mode: WRITE
// Param: rows LIST<MAP>: {id, attributes BYTES or an empty JSON, search_tokens STRING or null}
// Index: customer_id
UNWIND $rows AS row
MATCH (c:Customer {id: row.id})
SET c.attributes = row.attributes, c.search_tokens = row.search_tokens, c.search_name = null
