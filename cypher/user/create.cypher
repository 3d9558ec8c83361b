// Purpose: A new user; or whoever has the phone number already, unchanged.
// Mode: WRITE
// Param: phone STRING, blind index
// Param: properties MAP {id, sealed BYTES, name, roles, password, status, must_change, created_at ms, created_by}
// Column: user MAP
// Index: user_phone
MERGE (u:User {phone: $phone})
ON CREATE SET u += $properties
RETURN u {.id, .phone, .sealed, .name, .roles, .password, .status, .must_change, .created_at, .created_by, .last_sign_in_at, .totp, .totp_pending, .totp_step} AS user
