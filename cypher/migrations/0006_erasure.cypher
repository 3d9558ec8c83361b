// What was erased, as keyed hashes, so that input from before does not bring it back.
CREATE CONSTRAINT tombstone_key IF NOT EXISTS FOR (t:Tombstone) REQUIRE t.key IS UNIQUE;
// What is left of erased identifiers while their calls are deleted; nearly always empty.
CREATE INDEX erasing_decision IF NOT EXISTS FOR (x:Erasing) ON (x.decision);
// Lines of the log that name an identifier or a call, to clear them.
CREATE INDEX decision_a IF NOT EXISTS FOR (d:Decision) ON (d.a);
CREATE INDEX decision_subject IF NOT EXISTS FOR (d:Decision) ON (d.subject);
CREATE INDEX decision_b IF NOT EXISTS FOR (d:Decision) ON (d.b);
