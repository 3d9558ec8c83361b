// People who sign in, and their sessions. `phone` is a blind index.
CREATE CONSTRAINT user_id IF NOT EXISTS FOR (u:User) REQUIRE u.id IS UNIQUE;
CREATE CONSTRAINT user_phone IF NOT EXISTS FOR (u:User) REQUIRE u.phone IS UNIQUE;
CREATE CONSTRAINT session_id IF NOT EXISTS FOR (s:Session) REQUIRE s.id IS UNIQUE;
CREATE CONSTRAINT session_family IF NOT EXISTS FOR (s:Session) REQUIRE s.family IS UNIQUE;
CREATE CONSTRAINT session_access IF NOT EXISTS FOR (s:Session) REQUIRE s.access IS UNIQUE;
