// Purpose: How many nodes of each main label there are; every branch is answered by the count store.
// Mode: READ
// Column: label STRING
// Column: count INT
// Index: none, counts are kept by the database
MATCH (n:Customer) WITH count(n) AS count RETURN 'Customer' AS label, count AS count
UNION ALL
MATCH (n:Identifier) WITH count(n) AS count RETURN 'Identifier' AS label, count AS count
UNION ALL
MATCH (n:Event) WITH count(n) AS count RETURN 'Event' AS label, count AS count
UNION ALL
MATCH (n:Segment) WITH count(n) AS count RETURN 'Segment' AS label, count AS count
UNION ALL
MATCH (n:Change) WITH count(n) AS count RETURN 'Change' AS label, count AS count
UNION ALL
MATCH (n:Quarantined) WITH count(n) AS count RETURN 'Quarantined' AS label, count AS count
