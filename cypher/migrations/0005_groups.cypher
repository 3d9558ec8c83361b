// The newest call that names a group; only such calls have one.
CREATE INDEX called_group_at IF NOT EXISTS FOR ()-[d:CALLED]-() ON (d.group, d.at);
