// Purpose: How far the rotation to a version of the secret is.
// Mode: READ
// Param: current INT
// Column: kind STRING, '' before the first
// Column: after STRING, key of the last node of the kind that was looked at
// Column: looked_at INT, nodes
// Column: replaced INT, of them
// Column: unreadable INT, of them
// Column: done BOOLEAN
// Index: key_rotation
MATCH (r:KeyRotation {current: $current})
RETURN r.kind AS kind, r.after AS after, r.looked_at AS looked_at, r.replaced AS replaced, r.unreadable AS unreadable,
  r.done AS done
