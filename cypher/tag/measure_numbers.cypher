// Purpose: How many customers have a value of a tag; the least, greatest and average of those that are numbers.
// Mode: READ
// Param: key STRING
// Column: customers INTEGER
// Column: least FLOAT, null without numbers
// Column: greatest FLOAT, likewise
// Column: average FLOAT, likewise
// Index: tag_key
MATCH (:Tag {key: $key})<-[t:TAGGED]-()
WITH toFloat(t.value) AS number
RETURN count(*) AS customers, min(number) AS least, max(number) AS greatest, avg(number) AS average
