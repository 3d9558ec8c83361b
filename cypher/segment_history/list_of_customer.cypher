// Purpose: one keyset page of the segments that a customer, or who was merged into it, was in or is in, newest first.
// Mode: READ
// Param: id STRING, a living customer
// Param: since INTEGER ms, the place: those that began before
// Param: sequence INTEGER, of one instant those with a smaller one
// Param: segment STRING, of one sequence those with a larger key
// Param: customer STRING, of one segment those with a larger id
// Param: viewer LIST OF STRING or null: id of who asks, and the grants that let them see something; null sees all
// Param: count INTEGER
// Column: segment STRING, its key
// Column: customer STRING, the id then
// Column: since INTEGER ms
// Column: until INTEGER ms or null
// Column: entered_version INTEGER
// Column: left_version INTEGER or null
// Column: ended_by STRING or null, a kind of cause
// Column: sequence INTEGER
// Index: customer_id
MATCH (c:Customer {id: $id})
UNWIND [c] + [(earlier:Customer)-[:MERGED_INTO]->(c) | earlier] AS one
MATCH (one)-[i:IN_SEGMENT|WAS_IN]->(s:Segment)
WHERE s.status <> 'DELETING' AND (i.since < $since OR i.since = $since AND (
  i.sequence < $sequence OR i.sequence = $sequence AND (
    i.segment > $segment OR i.segment = $segment AND one.id > $customer)))
  AND ($viewer IS NULL OR s.visibility IS NULL OR s.owner IN $viewer OR any(each IN s.shared WHERE each IN $viewer))
WITH i, one.id AS customer ORDER BY i.since DESC, i.sequence DESC, i.segment, customer LIMIT $count
RETURN i.segment AS segment, customer AS customer, i.since AS since, i.until AS until,
  coalesce(i.entered_version, i.segment_version) AS entered_version,
  CASE WHEN i.until IS NOT NULL THEN i.segment_version END AS left_version, i.cause AS ended_by, i.sequence AS sequence
