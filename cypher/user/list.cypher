// Purpose: All users, oldest first.
// Mode: READ
// Column: user MAP
// Index: user_id
MATCH (u:User) WHERE u.id >= ''
WITH u ORDER BY u.id
RETURN u {.id, .phone, .sealed, .name, .roles, .password, .status, .must_change, .created_at, .created_by, .last_sign_in_at, .totp, .totp_pending, .totp_step} AS user
