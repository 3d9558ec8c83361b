"""Any process may be killed or stand still at any instant: what was acknowledged is applied once, changes have no gap.

The short form kills each process once. The long form (`make chaos`) goes on for `CHAOS_SECONDS`, lets servers stand
still, kills several at once, and fills the disk. `CHAOS_SEED` repeats a run, as far as the machine's timing allows.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.chaos.disk import own_disk, why_no_disk
from tests.chaos.faults import PARTS, Fault, frozen, full_disk, killed, killed_on_full_disk, shuffled
from tests.chaos.scene import scene_on
from tests.support.service import Service, running

IS_LONG = os.environ.get("KITH_TEST_CHAOS") == "long"
LONG_S = float(os.environ.get("CHAOS_SECONDS", "400"))
SEED = int(os.environ.get("CHAOS_SEED", random.randrange(10_000)))
EACH_ONCE: list[Fault] = [killed(part) for part in PARTS]
WORSE: list[Fault] = [
    killed("ingest", "valkey"),
    killed("ingest", "neo4j"),
    killed("api", "ingest", "worker"),
    killed("valkey", "neo4j"),
    frozen("ingest", 5),
    frozen("valkey", 30),
    frozen("neo4j", 30),
]
FULL_DISK: list[Fault] = [full_disk(20), killed_on_full_disk("valkey", 12), killed_on_full_disk("neo4j", 20)]
# Between a recovery and the next fault; also within a second of it, while caches and connections are new.
PAUSE_S = (0.5, 4.0)


@pytest.mark.timeout(900)
@pytest.mark.skipif(IS_LONG, reason="the long form does the same and more")
async def test_each_process_may_be_killed_under_load(tmp_path: Path) -> None:
    await _run(Service(tmp_path / "data"), EACH_ONCE, for_s=0)


@pytest.mark.timeout(LONG_S + 1_800)
@pytest.mark.skipif(not IS_LONG, reason="`make chaos`")
async def test_anything_may_be_killed_or_stand_still_under_load(tmp_path: Path) -> None:
    await _run(Service(tmp_path / "data"), [*EACH_ONCE, *WORSE], for_s=LONG_S)


@pytest.mark.timeout(1_800)
@pytest.mark.skipif(not IS_LONG, reason="`make chaos`")
async def test_a_full_disk_under_load_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if reason := why_no_disk(data):
        pytest.skip(reason)
    await _run(Service(data, wrapper=own_disk(data)), FULL_DISK, for_s=0)


async def _run(service: Service, deck: list[Fault], *, for_s: float) -> None:
    """Each fault of the deck once, in a random order; again and again until the time is over."""
    print(f"CHAOS_SEED={SEED}")
    dice = random.Random(SEED)
    with running(service):
        async with scene_on(service, SEED) as scene:
            started_s = time.monotonic()
            for number, fault in enumerate(shuffled(deck, dice)):
                if number >= len(deck) and time.monotonic() - started_s > for_s:
                    break
                await scene.strike(fault, after_s=dice.uniform(*PAUSE_S))
            await scene.judge()
        assert service.stop() == 0
