// Purpose: How many numbers of a tag lie below the first bound, from it to below the second, and so on.
// Mode: READ
// Param: key STRING
// Param: bounds LIST OF FLOAT, ascending
// Column: bucket INTEGER, 0 below the first bound; empty ones are missing
// Column: customers INTEGER
// Index: tag_key
MATCH (:Tag {key: $key})<-[t:TAGGED]-()
WITH toFloat(t.value) AS number
WHERE number IS NOT NULL
RETURN size([bound IN $bounds WHERE number >= bound]) AS bucket, count(*) AS customers
