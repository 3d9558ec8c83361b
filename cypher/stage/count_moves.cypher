// Purpose: How many moves there were between the stages of a tag in a range of time.
// Mode: READ
// Param: tag STRING, its key
// Param: from INTEGER ms
// Param: to INTEGER ms, excluded
// Param: reasons LIST<STRING>
// Column: before STRING or null
// Column: stage STRING or null
// Column: moves INTEGER
// Index: moved_at
MATCH ()-[m:MOVED]->()
WHERE m.tag = $tag AND m.at >= $from AND m.at < $to AND m.reason IN $reasons
RETURN m.before AS before, m.stage AS stage, count(*) AS moves
