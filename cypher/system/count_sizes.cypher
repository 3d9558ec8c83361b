// Purpose: How many nodes of each main label there are; every branch is answered by the count store.
// Mode: READ
// Column: label STRING
// Column: count INT
// Index: none, counts are kept by the database
MATCH (n:Customer) RETURN 'Customer' AS label, count(n) AS count
UNION ALL
MATCH (n:Identifier) RETURN 'Identifier' AS label, count(n) AS count
UNION ALL
MATCH (n:Event) RETURN 'Event' AS label, count(n) AS count
UNION ALL
MATCH (n:Segment) RETURN 'Segment' AS label, count(n) AS count
UNION ALL
MATCH (n:Change) RETURN 'Change' AS label, count(n) AS count
UNION ALL
MATCH (n:Quarantined) RETURN 'Quarantined' AS label, count(n) AS count
