// Purpose: The user of a phone number.
// Mode: READ
// Param: phone STRING, blind index
// Column: user MAP
// Index: user_phone
MATCH (u:User {phone: $phone})
RETURN u {.id, .phone, .sealed, .name, .roles, .password, .status, .must_change, .created_at, .created_by, .last_sign_in_at, .totp, .totp_pending, .totp_step} AS user
