CREATE CONSTRAINT tag_id IF NOT EXISTS FOR (t:Tag) REQUIRE t.id IS UNIQUE;
// The sweep: which values of a tag name an instant in a range; only set for values that are times.
CREATE INDEX tagged_instant IF NOT EXISTS FOR ()-[t:TAGGED]-() ON (t.tag, t.instant);
