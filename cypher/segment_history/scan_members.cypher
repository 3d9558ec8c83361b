// Purpose: who of the next customers of a segment was in it at an instant; each person once.
// Mode: READ
// Param: key STRING, the segment's
// Param: at INTEGER ms
// Param: after STRING, customers after this id; "" for the first
// Param: count INTEGER, how many memberships of the present and how many of the past to look at
// Column: ids LIST OF STRING, in no order: under which they were in it then
// Column: scanned_to STRING or null, the customer up to whom this looked; null when nobody is left
// Index: in_segment_page
// Index: was_in_page
// Index: customer_id
// TRICKY: the last of many may have more intervals than were looked at, so everybody is asked again at the customer.
CALL () {
  MATCH (:Customer)-[m:IN_SEGMENT]->(:Segment)
  WHERE m.segment = $key AND m.customer > $after
  WITH m.customer AS id, m.since <= $at AS was_in ORDER BY m.segment, m.customer LIMIT $count
  RETURN collect([id, was_in]) AS present
}
CALL (present) {
  MATCH (:Customer)-[w:WAS_IN]->(:Segment)
  USING INDEX SEEK w:WAS_IN(segment, customer)
  WHERE w.segment = $key AND w.customer > $after
  WITH w.customer AS id, w.since <= $at AND w.until > $at AS was_in ORDER BY w.segment, w.customer LIMIT $count
  RETURN collect([id, was_in]) AS past
}
WITH present + past AS looked_at, [part IN [present, past] WHERE size(part) = $count | part[-1][0]] AS cut
WITH looked_at, CASE WHEN size(cut) = 2 AND cut[1] < cut[0] THEN cut[1] ELSE cut[0] END AS scanned_to
CALL (looked_at, scanned_to) {
  UNWIND [one IN looked_at WHERE one[1] OR one[0] = scanned_to | one[0]] AS id
  WITH DISTINCT id WHERE scanned_to IS NULL OR id <= scanned_to
  MATCH (c:Customer {id: id})
  WITH c, CASE WHEN c:Retired THEN head([(c)-[:MERGED_INTO]->(heir:Customer) | heir]) ELSE c END AS person
  // Of a person's ids that were in it, the smallest speaks for all.
  CALL (person) {
    UNWIND [person] + [(earlier:Customer)-[:MERGED_INTO]->(person) | earlier] AS one
    MATCH (one)-[i:IN_SEGMENT|WAS_IN]->(:Segment)
    WHERE i.segment = $key AND i.since <= $at AND coalesce(i.until, $at + 1) > $at
    RETURN min(one.id) AS speaker
  }
  WITH c WHERE c.id = speaker
  RETURN collect(c.id) AS ids
}
RETURN ids AS ids, scanned_to AS scanned_to
