// Purpose: Begin the rotation to a version of the secret, or begin it again after its end.
// Mode: WRITE
// Param: current INT
// Param: kind STRING, the first
// Param: at INT ms
// Index: key_rotation
MERGE (r:KeyRotation {current: $current})
ON CREATE SET r.done = true
WITH r WHERE r.done
SET r.kind = $kind, r.after = '', r.looked_at = 0, r.replaced = 0, r.unreadable = 0, r.done = false, r.at = $at
