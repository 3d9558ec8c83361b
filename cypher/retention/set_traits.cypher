// Purpose: What is left of the traits of calls.
// Mode: WRITE
// Param: rows LIST<MAP>, sorted by id: {id, traits BYTES or null}
// Index: call_id
UNWIND $rows AS row
MATCH (call:Call {id: row.id})
SET call.traits = row.traits
