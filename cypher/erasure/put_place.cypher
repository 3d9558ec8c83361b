// Purpose: Note that an erasure is done with a place, and what it removed there.
// Mode: WRITE
// Param: decision STRING
// Param: place STRING
// Param: count INT or null, where nothing is counted; added to what an earlier try removed
// Param: at INT ms
// Index: decision_id
MATCH (d:Decision {id: $decision})
MERGE (d)-[:REACHED]->(p:ErasedPlace {place: $place})
SET p.count = coalesce(p.count, 0) + $count, p.at = $at
