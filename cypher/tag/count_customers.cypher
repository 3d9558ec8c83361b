// Purpose: How many customers have a value of each tag: from the relationship count that the node keeps, or as a build has found that is being brought to the graph.
// Mode: READ
// Param: keys LIST OF STRING
// Column: key STRING
// Column: customers INTEGER
// Index: tag_key
UNWIND $keys AS key
MATCH (t:Tag {key: key})
RETURN key AS key, CASE WHEN t.status = 'BUILDING' AND t.result_version = t.version THEN t.result_count
  ELSE COUNT { (t)<-[:TAGGED]-() } END AS customers
