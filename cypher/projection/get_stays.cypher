// Purpose: Times of customers in segments, whether they live or not.
// Mode: READ
// Param: ids LIST<STRING>
// Column: stays LIST<LIST>: [customer, segment, since ms, until ms or null, entered version, left version, sequence of the last change, cause of leaving or null]
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id})-[i:IN_SEGMENT|WAS_IN]->()
RETURN collect([c.id, i.segment, i.since, i.until, coalesce(i.entered_version, i.segment_version), i.segment_version,
  i.sequence, i.cause]) AS stays
