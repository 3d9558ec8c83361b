// Who may do what: roles that were made or changed, and keys.
CREATE CONSTRAINT role_key IF NOT EXISTS FOR (r:Role) REQUIRE r.key IS UNIQUE;
CREATE CONSTRAINT access_key_id IF NOT EXISTS FOR (k:AccessKey) REQUIRE k.id IS UNIQUE;
CREATE CONSTRAINT access_key_hash IF NOT EXISTS FOR (k:AccessKey) REQUIRE k.hash IS UNIQUE;
CREATE INDEX access_key_old_hash IF NOT EXISTS FOR (k:AccessKey) ON (k.old_hash);
CREATE INDEX access_key_kind IF NOT EXISTS FOR (k:AccessKey) ON (k.kind);
