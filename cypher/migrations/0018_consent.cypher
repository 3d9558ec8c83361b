// What customers are asked to agree to.
CREATE CONSTRAINT purpose_key IF NOT EXISTS FOR (p:Purpose) REQUIRE p.key IS UNIQUE;
// How long events and attributes of a name are kept.
CREATE CONSTRAINT retention_key IF NOT EXISTS FOR (r:Retention) REQUIRE r.key IS UNIQUE;
