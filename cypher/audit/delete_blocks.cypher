// Purpose: remove blocks of the chain, which an anchor stands for from now on.
// Mode: WRITE
// Param: until INTEGER, blocks whose last entry is this one or an earlier one
// Column: removed INTEGER
// Index: audit_block
MATCH (b:AuditBlock) WHERE b.last <= $until
DELETE b
RETURN count(*) AS removed
