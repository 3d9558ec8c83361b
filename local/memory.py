"""How much memory the local Neo4j gets.

The rule: of the memory that this process may use (the machine's, or its control group's limit where that is lower),
25 % is Java heap within 512 MB to 4 GB, and 25 % is page cache within 128 MB to 8 GB. The other half stays for Valkey,
Kith's own processes and the system. `KITH_LOCAL_MEMORY_MB` replaces the 50 % and is shared out half and half.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MB = 1024 * 1024
SHARE = 0.25
HEAP_MB = (512, 4096)
PAGE_CACHE_MB = (128, 8192)
# Control group v2, then v1.
LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True)
class Neo4jMemory:
    """Sizes in MB; `small` also saves disk space and compiler threads at the cost of speed."""

    heap_mb: int
    page_cache_mb: int
    small: bool = False


# For tests: many starts, little data.
SMALL = Neo4jMemory(heap_mb=512, page_cache_mb=128, small=True)


def usable_bytes() -> int:
    """What this process may use: the machine's memory or the control group's limit, whichever is lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in LIMIT_FILES:
        try:
            text = file.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            return min(total, int(text))
    return total


def size_neo4j(usable: int, wanted_mb: int = 0) -> Neo4jMemory:
    """Apply the rule above.

    Args:
        usable: bytes, from `usable_bytes`.
        wanted_mb: heap and page cache together; 0 means half of `usable`.
    """
    half_mb = wanted_mb // 2 if wanted_mb else int(usable / MB * SHARE)
    return Neo4jMemory(heap_mb=_within(half_mb, HEAP_MB), page_cache_mb=_within(half_mb, PAGE_CACHE_MB))


def _within(value: int, bounds: tuple[int, int]) -> int:
    return max(bounds[0], min(bounds[1], value))
