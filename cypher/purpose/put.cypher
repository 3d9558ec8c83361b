// Purpose: What a purpose is, made or changed.
// Mode: WRITE
// Param: key STRING
// Param: name_zh STRING or null
// Param: name_en STRING or null
// Param: granted BOOLEAN
// Param: required BOOLEAN
// Param: at INT ms
// Column: created_at INT ms
// Index: purpose_key
MERGE (p:Purpose {key: $key})
ON CREATE SET p.created_at = $at
SET p.name_zh = $name_zh, p.name_en = $name_en, p.granted = $granted, p.required = $required, p.updated_at = $at
RETURN p.created_at AS created_at
