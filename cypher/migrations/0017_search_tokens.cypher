// Names and last digits of phones are searched by keyed tokens; the index of plain names goes with what it holds.
DROP INDEX customer_search IF EXISTS;
CREATE FULLTEXT INDEX customer_tokens IF NOT EXISTS FOR (c:Customer) ON EACH [c.search_tokens]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace', `fulltext.eventually_consistent`: true}};
CREATE INDEX identifier_last_four IF NOT EXISTS FOR (i:Identifier) ON (i.last_four);
// Which versions of the secret values were encrypted with, and how far a rotation is.
CREATE CONSTRAINT key_version IF NOT EXISTS FOR (v:KeyVersion) REQUIRE v.version IS UNIQUE;
CREATE CONSTRAINT key_rotation IF NOT EXISTS FOR (r:KeyRotation) REQUIRE r.current IS UNIQUE;
