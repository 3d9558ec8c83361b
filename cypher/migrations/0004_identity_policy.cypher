// Versions of the policy of identity, and trials of policies, which have no version.
CREATE CONSTRAINT policy_id IF NOT EXISTS FOR (p:IdentityPolicy) REQUIRE p.id IS UNIQUE;
CREATE CONSTRAINT policy_version IF NOT EXISTS FOR (p:IdentityPolicy) REQUIRE p.version IS UNIQUE;
