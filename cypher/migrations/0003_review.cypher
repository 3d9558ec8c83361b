// Decisions that take effect in the background; only those have a state.
CREATE INDEX decision_state IF NOT EXISTS FOR (d:Decision) ON (d.state);
