"""Write keys from the graph, followed by every process that takes calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from base.clock import now_ms
from base.errors import KithError
from base.logs import get_logger
from graph.repositories.access import AccessRepository

EVERY_S: Final = 2.0

_log = get_logger()


class WriteKeyFollower:
    """Tells the write keys that open something now, again and again.

    While the graph is away the last ones go on: calls are taken all the same, and applied later.

    Args:
        tell: is given SHA-256 (hexadecimal) → (key's id, source), and gives back the ids that were used since.
    """

    def __init__(
        self, repository: AccessRepository, tell: Callable[[Mapping[str, tuple[str, str]]], Mapping[str, int]]
    ):
        self._repository = repository
        self._tell = tell

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.follow()
            except KithError as fault:
                _log.debug("write keys not read", reason=fault.message)
            await asyncio.sleep(EVERY_S)

    async def follow(self) -> None:
        """Once.

        Raises:
            Unavailable: the graph is away.
        """
        keys: dict[str, tuple[str, str]] = {}
        for key in await self._repository.list_write_keys(now_ms()):
            keys[key.hash] = (key.id, key.source)
            if key.old_hash is not None:
                keys[key.old_hash] = (key.id, key.source)
        if used := self._tell(keys):
            with suppress(KithError):
                await self._repository.use_keys(list(used.items()))
