// Keys: one node a key, whatever the number of writers.
CREATE CONSTRAINT customer_id IF NOT EXISTS FOR (c:Customer) REQUIRE c.id IS UNIQUE;
CREATE CONSTRAINT identifier_uid IF NOT EXISTS FOR (i:Identifier) REQUIRE i.uid IS UNIQUE;
CREATE CONSTRAINT event_id IF NOT EXISTS FOR (e:Event) REQUIRE e.id IS UNIQUE;
CREATE CONSTRAINT call_id IF NOT EXISTS FOR (c:Call) REQUIRE c.id IS UNIQUE;
CREATE CONSTRAINT evidence_key IF NOT EXISTS FOR (e:Evidence) REQUIRE e.key IS UNIQUE;
CREATE CONSTRAINT observation_key IF NOT EXISTS FOR (o:Observation) REQUIRE o.key IS UNIQUE;
CREATE CONSTRAINT segment_key IF NOT EXISTS FOR (s:Segment) REQUIRE s.key IS UNIQUE;
CREATE CONSTRAINT segment_id IF NOT EXISTS FOR (s:Segment) REQUIRE s.id IS UNIQUE;
CREATE CONSTRAINT tag_key IF NOT EXISTS FOR (t:Tag) REQUIRE t.key IS UNIQUE;
CREATE CONSTRAINT change_position IF NOT EXISTS FOR (c:Change) REQUIRE c.position IS UNIQUE;
CREATE CONSTRAINT counter_name IF NOT EXISTS FOR (c:Counter) REQUIRE c.name IS UNIQUE;
CREATE CONSTRAINT source_key IF NOT EXISTS FOR (s:Source) REQUIRE s.key IS UNIQUE;
CREATE CONSTRAINT group_key IF NOT EXISTS FOR (g:Group) REQUIRE g.key IS UNIQUE;
CREATE CONSTRAINT quarantined_id IF NOT EXISTS FOR (q:Quarantined) REQUIRE q.id IS UNIQUE;
CREATE CONSTRAINT decision_id IF NOT EXISTS FOR (d:Decision) REQUIRE d.id IS UNIQUE;
// The sweep: which events of a name lie in a range of time.
CREATE INDEX did_name_at IF NOT EXISTS FOR ()-[d:DID]-() ON (d.name, d.at);
// Events whose time had not come when they arrived; nearly always empty.
CREATE INDEX did_starts_at IF NOT EXISTS FOR ()-[d:DID]-() ON (d.starts_at);
// Relative-date conditions: which attribute values name an instant in a range; only set for values that are times.
CREATE INDEX observation_name_instant IF NOT EXISTS FOR (o:Observation) ON (o.name, o.instant);
// Keyset pages of a segment's members.
CREATE INDEX in_segment_page IF NOT EXISTS FOR ()-[m:IN_SEGMENT]-() ON (m.segment, m.customer);
CREATE INDEX quarantined_at IF NOT EXISTS FOR (q:Quarantined) ON (q.at);
