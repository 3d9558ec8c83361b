// Decisions that take effect in the background; only those have a state.
CREATE INDEX decision_state IF NOT EXISTS FOR (d:Decision) ON (d.state);
CREATE CONSTRAINT review_id IF NOT EXISTS FOR (r:Review) REQUIRE r.id IS UNIQUE;
// Keyset pages of the review list; only open items have a place.
CREATE INDEX review_page IF NOT EXISTS FOR (r:Review) ON (r.kind, r.place);
