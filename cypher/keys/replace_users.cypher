// Purpose: Users: what is encrypted on them under another key, unless it was written since it was read.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by key: {key, old LIST and new LIST: phone BYTES, second factor BYTES or null, one that is to be confirmed BYTES or null}
// Column: replaced INT
// Index: user_phone
// TRICKY: the lock comes before the comparison; a property that is set and removed takes it and leaves nothing.
UNWIND $rows AS row
MATCH (n:User {phone: row.key})
SET n.turning = true
REMOVE n.turning
WITH n, row
WHERE coalesce(n.sealed, '') = coalesce(row.old[0], '') AND coalesce(n.totp, '') = coalesce(row.old[1], '') AND coalesce(n.totp_pending, '') = coalesce(row.old[2], '')
SET n.sealed = row.new[0], n.totp = row.new[1], n.totp_pending = row.new[2]
RETURN count(*) AS replaced
