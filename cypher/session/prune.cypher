// Purpose: End sessions of a user that are over, and the oldest beyond a number.
// Mode: WRITE
// Param: user STRING, id
// Param: now INT ms
// Param: count INT
// Index: user_id
MATCH (s:Session)-[:OF]->(:User {id: $user})
WITH s ORDER BY s.created_at DESC, s.id
WITH collect(s) AS every
UNWIND range(0, size(every) - 1) AS place
WITH every[place] AS s, place WHERE place >= $count OR s.ends_at <= $now OR s.idle_until <= $now
DETACH DELETE s
