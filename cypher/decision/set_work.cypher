// Purpose: How far a decision is that takes effect in the background.
// Mode: WRITE
// Param: id STRING
// Param: state STRING: 'RUNNING' or 'DONE'
// Param: after STRING or null: the last identifier that this pass is done with; null between passes
// Param: looked_at INT, identifiers of this pass
// Param: passes INT, complete ones
// Param: found INT, calls of this pass
// Param: closing BOOLEAN: all that was received in time had been applied when this pass began
// Param: calls INT, that it has taken back
// Index: decision_id

MATCH (n:Identifier)
WITH count(n) AS total
MATCH (d:Decision {id: $id})
SET d.state = $state, d.after = $after, d.looked_at_count = $looked_at, d.pass_count = $passes, d.found_count = $found,
  d.closing = $closing, d.call_count = $calls,
  d.progress = CASE WHEN $state = 'DONE' THEN 1.0 WHEN $passes > 0 OR $looked_at >= total THEN 0.99
    ELSE 0.99 * $looked_at / total END
