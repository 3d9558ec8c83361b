// Purpose: Note how far a rotation is, unless another process has noted more.
// Mode: WRITE
// Param: current INT
// Param: kind STRING, as it was read
// Param: after STRING, as it was read
// Param: next_kind STRING
// Param: next_after STRING
// Param: looked_at INT, on top
// Param: replaced INT, on top
// Param: unreadable INT, on top
// Param: done BOOLEAN
// Param: at INT ms
// Column: advanced INT
// Index: key_rotation
MATCH (r:KeyRotation {current: $current})
SET r.at = $at
WITH r WHERE r.kind = $kind AND r.after = $after
SET r.kind = $next_kind, r.after = $next_after, r.looked_at = r.looked_at + $looked_at, r.replaced = r.replaced + $replaced,
  r.unreadable = r.unreadable + $unreadable, r.done = $done
RETURN count(*) AS advanced
