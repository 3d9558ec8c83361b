// Purpose: Decisions that a job has to carry out.
// Mode: READ
// Column: id STRING
// Index: decision_state
MATCH (d:Decision {state: 'RUNNING'})
RETURN d.id AS id
