// Purpose: Customers leave segments; the interval is kept.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by customer: {customer, segment, since ms, until ms, version INT, sequence INT}
// Index: customer_id
// Index: segment_key
UNWIND $rows AS row
MATCH (c:Customer {id: row.customer})
CALL (c, row) {
  MATCH (c)-[m:IN_SEGMENT]->(:Segment)
  WHERE m.segment = row.segment
  DELETE m
}
MATCH (s:Segment {key: row.segment})
CREATE (c)-[:WAS_IN {segment: row.segment, since: row.since, until: row.until,
  segment_version: row.version, sequence: row.sequence}]->(s)
