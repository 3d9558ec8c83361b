// Purpose: How many customers are in each segment: from the relationship count that the node keeps, or as a build has found that is being brought to the graph.
// Mode: READ
// Param: keys LIST OF STRING
// Column: key STRING
// Column: members INTEGER
// Index: segment_key
UNWIND $keys AS key
MATCH (s:Segment {key: key})
RETURN key AS key, CASE WHEN s.status = 'BUILDING' AND s.result_version = s.version THEN s.result_count
  ELSE COUNT { (s)<-[:IN_SEGMENT]-() } END AS members
