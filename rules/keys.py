"""Keys and names of what people define: segments and tags."""

from __future__ import annotations

import re
from typing import Final

# A colon is not among them: `tag:key` names a tag where segments are named too.
KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
KEY_HINT: Final = "1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit."
MAX_TITLE_CHARS: Final = 200
TITLE_FAULT: Final = f"A name has 1 to {MAX_TITLE_CHARS} characters."


def is_title(name: str) -> bool:
    """Whether a text can be what people call a segment or tag."""
    return 0 < len(name.strip()) <= MAX_TITLE_CHARS
