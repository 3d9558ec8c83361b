// Purpose: how many customers entered and left a segment in ranges of time, and how many are in it now.
// Mode: READ
// Param: key STRING, the segment's
// Param: ranges LIST OF MAP: {from ms, to ms (open)}
// Column: members INTEGER, now
// Column: moves LIST OF [entered, exited], in the order of the ranges
// Index: segment_key
// Index: in_segment_since
// Index: was_in_since
// Index: was_in_until
UNWIND $ranges AS range
CALL (range) {
  MATCH ()-[m:IN_SEGMENT]->()
  WHERE m.segment = $key AND m.since >= range.from AND m.since < range.to
  RETURN count(*) AS stayed
}
CALL (range) {
  MATCH ()-[w:WAS_IN]->()
  WHERE w.segment = $key AND w.since >= range.from AND w.since < range.to
  RETURN count(*) AS passed
}
CALL (range) {
  MATCH ()-[w:WAS_IN]->()
  WHERE w.segment = $key AND w.until >= range.from AND w.until < range.to
  RETURN count(*) AS exited
}
WITH collect([stayed + passed, exited]) AS moves
MATCH (s:Segment {key: $key})
RETURN COUNT { (s)<-[:IN_SEGMENT]-() } AS members, moves AS moves
