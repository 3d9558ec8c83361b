// Which values of a tag were not imported again.
CREATE INDEX gives_round IF NOT EXISTS FOR ()-[g:GIVES]-() ON (g.tag, g.round);
