// What a tag's definition was; `tag` is the tag's id, as keys are used again.
CREATE CONSTRAINT tag_version IF NOT EXISTS FOR (v:TagVersion) REQUIRE (v.tag, v.version) IS UNIQUE;
