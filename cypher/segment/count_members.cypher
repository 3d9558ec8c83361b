// Purpose: how many customers are in each segment, from the relationship count that the node keeps.
// Mode: READ
// Param: keys LIST OF STRING
// Column: key STRING
// Column: members INTEGER
// Index: segment_key
UNWIND $keys AS key
MATCH (s:Segment {key: key})
RETURN key AS key, COUNT { (s)<-[:IN_SEGMENT]-() } AS members
