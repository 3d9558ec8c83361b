// Keys of segments that not everybody might see, kept when they are deleted: their changes stay in the log for a while.
CREATE CONSTRAINT closed_key IF NOT EXISTS FOR (k:ClosedKey) REQUIRE k.key IS UNIQUE;
CREATE INDEX segment_visibility IF NOT EXISTS FOR (s:Segment) ON (s.visibility);
CREATE INDEX tag_visibility IF NOT EXISTS FOR (t:Tag) ON (t.visibility);
// Whose favourites they are.
CREATE CONSTRAINT favourites_of IF NOT EXISTS FOR (f:Favourites) REQUIRE f.of IS UNIQUE;
// When a tag or segment was asked for; `of` is its id.
CREATE CONSTRAINT last_use IF NOT EXISTS FOR (u:LastUse) REQUIRE u.of IS UNIQUE;
