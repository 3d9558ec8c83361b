// The columnar store follows what transactions have changed, in the order of commits.
CREATE CONSTRAINT touched_position IF NOT EXISTS FOR (t:Touched) REQUIRE t.position IS UNIQUE;
