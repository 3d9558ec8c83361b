"""What is done to a service under load. Each fault ends with the part that it hit running again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import get_args

from tests.chaos.disk import keep_full
from tests.support.service import Part, Role, Server, Service

PARTS: tuple[Part, ...] = (*get_args(Role), *get_args(Server))


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by name; `strike` returns once it is over."""

    name: str
    strike: Callable[[Service], None]

    async def happen(self, service: Service) -> None:
        """Strike without holding up the load."""
        await asyncio.to_thread(self.strike, service)


def killed(*parts: Part) -> Fault:
    """SIGKILL of some parts at once."""

    def strike(service: Service) -> None:
        pids = {part: service.kill(part) for part in parts}
        for part, pid in pids.items():
            service.wait_for_another(part, pid)

    return Fault(f"kill {' and '.join(parts)}", strike)


def frozen(part: Part, seconds: float) -> Fault:
    """SIGSTOP, and SIGCONT later."""

    def strike(service: Service) -> None:
        with service.frozen(part):
            time.sleep(seconds)

    return Fault(f"freeze {part} for {seconds:g} s", strike)


def full_disk(seconds: float) -> Fault:
    """No space left for anybody."""
    return Fault(f"full disk for {seconds:g} s", lambda service: keep_full(service, seconds))


def killed_on_full_disk(part: Part, seconds: float) -> Fault:
    """No space left, and a part has to start again without any."""

    def strike(service: Service) -> None:
        with ThreadPoolExecutor() as beside:
            filling = beside.submit(keep_full, service, seconds)
            time.sleep(seconds / 2)
            pid = service.kill(part)
            filling.result()
        service.wait_for_another(part, pid)

    return Fault(f"kill {part} on a disk that is full for {seconds:g} s", strike)


def shuffled(deck: list[Fault], dice: random.Random) -> Iterator[Fault]:
    """For ever: each fault of the deck once, in a random order, then again in another."""
    while True:
        yield from dice.sample(deck, len(deck))
