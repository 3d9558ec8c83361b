// Purpose: an import into a segment begins. A new segment has nobody on its list yet, so it is live at once.
// Mode: WRITE
// Param: key STRING
// Param: is_new BOOLEAN
// Param: replace BOOLEAN, whether what is not listed again is to be taken off the list
// Param: now_ms INTEGER
// Column: round INTEGER, of the list; what is listed now has it
// Index: segment_key
MATCH (s:Segment {key: $key})
SET s.round = coalesce(s.round, 0) + CASE WHEN $replace THEN 1 ELSE 0 END
FOREACH (_ IN CASE WHEN $is_new THEN [1] ELSE [] END | SET s.status = 'LIVE', s.as_of = $now_ms, s.progress = 1.0)
RETURN s.round AS round
