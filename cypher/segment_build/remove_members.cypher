// Purpose: End these customers' memberships of a segment that is being deleted; run under the customers' locks.
// Mode: WRITE
// Param: key STRING, the segment's
// Param: ids LIST OF STRING, sorted
// Column: customer STRING, ascending; only those who were still members
// Column: version INTEGER, of the segment's rule
// Column: sequence INTEGER, of the change that made them members
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})
MATCH (c)-[m:IN_SEGMENT]->(:Segment) WHERE m.segment = $key
WITH id, m, m.segment_version AS version, m.sequence AS sequence
DELETE m
RETURN id AS customer, version AS version, sequence AS sequence
ORDER BY customer
