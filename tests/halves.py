"""`make test`: all tests in two halves side by side, each with servers of its own.

One pytest keeps little more than one core busy: it waits for Neo4j, and Neo4j for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).resolve().parent
# Who starts whole services, or waits for a time limit, is in the other half.
FIRST: Final = ("unit", "contracts", "property", "engines", "workers")
# Names servers that are there already (tests/support/stores.py).
NAMED_STORE: Final = "KITH_TEST_NEO4J_URI"
# Needs Node: `make conformance`.
APART: Final = ("conformance", "support")


def main() -> int:
    """Run both; 0 when both passed. The second half is printed when the first has ended."""
    rest = sorted(
        one.name
        for one in TESTS.iterdir()
        if one.is_dir() and not one.name.startswith(("_", ".")) and one.name not in (*FIRST, *APART)
    )
    if NAMED_STORE in os.environ:
        # Both halves would empty the servers under each other.
        return subprocess.run(_command((*FIRST, *rest)), check=False).returncode
    with tempfile.TemporaryFile() as kept:
        second = subprocess.Popen(_command(rest), stdout=kept, stderr=subprocess.STDOUT)
        try:
            first = subprocess.run(_command(FIRST), check=False).returncode
            status = second.wait()
        finally:
            if second.poll() is None:
                second.terminate()
                second.wait()
        kept.seek(0)
        sys.stdout.flush()
        sys.stdout.buffer.write(kept.read())
        sys.stdout.flush()
    return first or status


def _command(parts: tuple[str, ...] | list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *(f"tests/{part}" for part in parts)]


if __name__ == "__main__":
    sys.exit(main())
