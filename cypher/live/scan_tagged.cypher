// Purpose: Everybody who has a value of a tag.
// Mode: READ
// Param: tags LIST<STRING>
// Column: name STRING
// Column: customer STRING
// Index: tag_key
UNWIND $tags AS name
MATCH (:Tag {key: name})<-[t:TAGGED]-(:Customer)
RETURN name AS name, t.customer AS customer
