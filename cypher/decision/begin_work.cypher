// Purpose: A decision about a source takes effect, or is taken back, page by page from the beginning.
// Mode: WRITE
// Param: id STRING
// Index: decision_id
// Index: source_key
MATCH (d:Decision {id: $id})
SET d.state = 'RUNNING', d.progress = 0.0, d.after = null, d.looked_at_count = 0, d.pass_count = 0, d.found_count = 0,
  d.closing = false, d.call_count = coalesce(d.call_count, 0)
WITH d
MATCH (s:Source {key: d.subject})
MERGE (d)-[:TAKES_BACK]->(s)
