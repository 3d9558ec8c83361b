// Purpose: How many customers have a value of each tag, from the relationship count that the node keeps.
// Mode: READ
// Param: keys LIST OF STRING
// Column: key STRING
// Column: customers INTEGER
// Index: tag_key
UNWIND $keys AS key
MATCH (t:Tag {key: key})
RETURN key AS key, COUNT { (t)<-[:TAGGED]-() } AS customers
