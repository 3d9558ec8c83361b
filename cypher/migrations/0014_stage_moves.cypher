// Who moved from one stage of a life cycle to another, and when.
CREATE INDEX moved_at IF NOT EXISTS FOR ()-[m:MOVED]-() ON (m.tag, m.at);
