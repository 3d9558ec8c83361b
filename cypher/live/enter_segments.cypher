// Purpose: Customers enter segments.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by customer: {customer, segment, since ms, version INT, sequence INT}
// Index: customer_id
// Index: segment_key
UNWIND $rows AS row
MATCH (c:Customer {id: row.customer})
MATCH (s:Segment {key: row.segment})
CREATE (c)-[:IN_SEGMENT {segment: row.segment, customer: row.customer, since: row.since,
  segment_version: row.version, sequence: row.sequence}]->(s)
