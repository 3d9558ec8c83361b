// Purpose: Which of these calls took effect already, and what of them was erased.
// Mode: READ
// Param: ids LIST<STRING>, ids of calls
// Param: graves LIST<STRING>, keyed hashes of the calls and their identifiers
// Column: ids LIST<STRING>
// Column: erased LIST<LIST>: [key, at ms]
// Index: event_id
// Index: call_id
// Index: tombstone_key
CALL () {
  UNWIND $ids AS id
  OPTIONAL MATCH (e:Event {id: id})
  OPTIONAL MATCH (c:Call {id: id})
  WITH id, e, c
  WHERE e IS NOT NULL OR c IS NOT NULL
  RETURN collect(id) AS ids
}
CALL (ids) {
  UNWIND $graves AS key
  MATCH (t:Tombstone {key: key})
  RETURN collect([t.key, t.at]) AS erased
}
RETURN ids AS ids, erased AS erased
