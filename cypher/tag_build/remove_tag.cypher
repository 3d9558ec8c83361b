// Purpose: Remove a tag's node that nothing hangs on any more, with its versions, its maintenance record, its last use, and as a favourite. The write comes first: it waits for late values.
// Mode: WRITE
// Param: key STRING
// Column: removed INTEGER, 0 when there is still something, or no such tag
// Index: tag_key
// Index: maintenance_record
// Index: last_use
MATCH (t:Tag {key: $key}) WHERE t.status = 'DELETING'
SET t.progress = 1.0
WITH t WHERE NOT EXISTS { (t)<-[:TAGGED|WAS_TAGGED|GIVES|MOVED]-() }
CALL (t) {
  MATCH (t)<-[of:VERSION_OF]-(v:TagVersion)
  DELETE of, v
}
CALL (t) {
  MATCH (r:MaintenanceRecord) WHERE r.of = t.id AND r.number > 0
  DELETE r
}
CALL (t) {
  MATCH (u:LastUse {of: t.id})
  DELETE u
}
CALL (t) {
  MATCH (t)<-[f:FAVOURS]-(:Favourites)
  DELETE f
}
DELETE t
RETURN count(*) AS removed
