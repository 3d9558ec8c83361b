// Purpose: Change what is kept of a user.
// Mode: WRITE
// Param: id STRING
// Param: properties MAP, as of the node; null takes one away
// Column: user MAP
// Index: user_id
MATCH (u:User {id: $id})
SET u += $properties
RETURN u {.id, .phone, .sealed, .name, .roles, .password, .status, .must_change, .created_at, .created_by, .last_sign_in_at, .totp, .totp_pending, .totp_step} AS user
