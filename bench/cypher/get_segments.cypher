// Purpose: A customer's segments.
// Mode: READ
// Param: id STRING
// Column: key STRING
// Column: name STRING
// Column: since INTEGER
// Column: segment_version INTEGER
// Index: customer_id
MATCH (:Customer {id: $id})-[m:IN_SEGMENT]->(s:Segment)
RETURN s.key AS key, s.name AS name, m.since AS since, m.segment_version AS segment_version
