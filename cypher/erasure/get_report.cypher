// Purpose: What an erasure removed where, and whom it was about.
// Mode: READ
// Param: decision STRING
// Column: at INT ms; no row when it is no erasure
// Column: author STRING
// Column: reason STRING
// Column: state STRING
// Column: customers LIST<STRING>, ids that nobody has any more
// Column: places LIST<LIST>: [place, count or null, at ms], in no order
// Index: decision_id
MATCH (d:Decision {id: $decision})
WHERE d.kind = 'ERASE'
RETURN d.at AS at, d.author AS author, d.reason AS reason, coalesce(d.state, 'DONE') AS state,
  [(d)-[:ABOUT]->(c:Customer) | c.id] AS customers,
  [(d)-[:REACHED]->(p:ErasedPlace) | [p.place, p.count, p.at]] AS places
