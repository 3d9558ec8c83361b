// Purpose: All purposes, by key.
// Mode: READ
// Column: key STRING
// Column: name_zh STRING or null
// Column: name_en STRING or null
// Column: granted BOOLEAN: what counts where nothing was said
// Column: required BOOLEAN
// Column: created_at INT ms
// Column: updated_at INT ms
MATCH (p:Purpose)
RETURN p.key AS key, p.name_zh AS name_zh, p.name_en AS name_en, p.granted AS granted, p.required AS required,
  p.created_at AS created_at, p.updated_at AS updated_at
ORDER BY key
