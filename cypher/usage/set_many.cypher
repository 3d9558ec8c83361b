// Purpose: when segments and tags were asked for; the last time counts.
// Mode: WRITE
// Param: rows LIST OF {of, at}: an id, ms
// Column: noted INTEGER, without those that are gone
// Index: segment_id
// Index: tag_id
// Index: last_use
UNWIND $rows AS row
CALL (row) {
  MATCH (s:Segment {id: row.of}) WHERE s.status <> 'DELETING' RETURN s.id AS id
  UNION ALL
  MATCH (t:Tag {id: row.of}) WHERE t.status <> 'DELETING' RETURN t.id AS id
}
MERGE (u:LastUse {of: id})
SET u.at = CASE WHEN u.at > row.at THEN u.at ELSE row.at END
RETURN count(*) AS noted
