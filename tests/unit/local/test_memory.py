"""The rule by which the local Neo4j gets its memory."""

from __future__ import annotations

import pytest

from local.memory import MB, size_neo4j


@pytest.mark.parametrize(
    ("usable_mb", "wanted_mb", "heap_mb", "page_cache_mb"),
    [
        pytest.param(1_024, 0, 512, 256, id="a small machine gets the least heap that Neo4j runs with"),
        pytest.param(8_192, 0, 2_048, 2_048, id="a quarter each"),
        pytest.param(24_000, 0, 4_096, 6_000, id="the heap stops at 4 GB, the page cache goes on"),
        pytest.param(262_144, 0, 4_096, 8_192, id="a large machine gets the upper bounds"),
        pytest.param(24_000, 2_000, 1_000, 1_000, id="a wish is shared out half and half"),
        pytest.param(24_000, 100, 512, 128, id="a wish below what Neo4j needs is raised"),
    ],
)
def test_heap_and_page_cache_follow_the_rule(usable_mb: int, wanted_mb: int, heap_mb: int, page_cache_mb: int) -> None:
    sizes = size_neo4j(usable_mb * MB, wanted_mb)

    assert (sizes.heap_mb, sizes.page_cache_mb) == (heap_mb, page_cache_mb)
