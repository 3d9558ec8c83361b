// Purpose: One user by id.
// Mode: READ
// Param: id STRING
// Column: user MAP
// Index: user_id
MATCH (u:User {id: $id})
RETURN u {.id, .phone, .sealed, .name, .roles, .password, .status, .must_change, .created_at, .created_by, .last_sign_in_at, .totp, .totp_pending, .totp_step} AS user
