// Purpose: one keyset page of a segment's members, by customer id.
// Mode: READ
// Param: key STRING, the segment's
// Param: after STRING, customers after this id; "" for the first page
// Param: count INTEGER
// Column: id STRING, ascending
// Index: in_segment_page
MATCH (c:Customer)-[m:IN_SEGMENT]->(s:Segment)
WHERE m.segment = $key AND m.customer > $after
RETURN m.customer AS id ORDER BY m.segment, m.customer LIMIT $count
