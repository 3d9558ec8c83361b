// The operation log: its chain in blocks, how far it has come, and notes of changes that are not in it yet.
CREATE CONSTRAINT audit_block IF NOT EXISTS FOR (b:AuditBlock) REQUIRE b.last IS UNIQUE;
CREATE CONSTRAINT audit_head IF NOT EXISTS FOR (h:AuditHead) REQUIRE h.name IS UNIQUE;
CREATE CONSTRAINT audit_note IF NOT EXISTS FOR (n:AuditNote) REQUIRE n.id IS UNIQUE;
CREATE INDEX audit_note_due IF NOT EXISTS FOR (n:AuditNote) ON (n.due);
