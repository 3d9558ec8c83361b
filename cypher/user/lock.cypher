// Purpose: One user by id, locked until the transaction ends.
// Mode: WRITE
// Param: id STRING
// Param: now INT ms
// Column: user MAP
// Index: user_id
MATCH (u:User {id: $id})
SET u.looked_at = $now
RETURN u {.id, .phone, .sealed, .name, .roles, .password, .status, .must_change, .created_at, .created_by, .last_sign_in_at, .totp, .totp_pending, .totp_step} AS user
