// Purpose: The most frequent values of a tag; of a list each element counts.
// Mode: READ
// Param: key STRING
// Param: count INTEGER
// Column: value STRING JSON
// Column: customers INTEGER, descending; equal ones by value
// Index: tag_key
MATCH (:Tag {key: $key})<-[t:TAGGED]-()
UNWIND coalesce(t.items, [t.value]) AS value
WITH value, count(*) AS customers
RETURN value AS value, customers AS customers ORDER BY customers DESC, value LIMIT $count
