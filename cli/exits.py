"""Exit statuses that scripts and process managers read."""

from __future__ import annotations

from typing import Final

EXIT_FAULT: Final = 1
# EX_CONFIG of sysexits.h: the guard of a role does not start it again after this one.
EXIT_CONFIGURATION: Final = 78
