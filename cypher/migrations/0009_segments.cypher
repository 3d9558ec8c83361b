// Who was in a segment: in the order of customers, and by when they came and went.
CREATE INDEX was_in_page IF NOT EXISTS FOR ()-[w:WAS_IN]-() ON (w.segment, w.customer);
CREATE INDEX was_in_since IF NOT EXISTS FOR ()-[w:WAS_IN]-() ON (w.segment, w.since);
CREATE INDEX was_in_until IF NOT EXISTS FOR ()-[w:WAS_IN]-() ON (w.segment, w.until);
CREATE INDEX in_segment_since IF NOT EXISTS FOR ()-[m:IN_SEGMENT]-() ON (m.segment, m.since);
// What a segment's rule was; `segment` is the segment's id, as keys are used again.
CREATE CONSTRAINT segment_version IF NOT EXISTS FOR (v:SegmentVersion) REQUIRE (v.segment, v.version) IS UNIQUE;
// What of an imported list was not imported again.
CREATE INDEX listed_in_round IF NOT EXISTS FOR ()-[l:LISTED_IN]-() ON (l.segment, l.round);
