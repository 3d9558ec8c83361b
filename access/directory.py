"""Whose a token is, from the graph, remembered for a moment."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from access.principal import Principal, PrincipalKind
from access.roles import in_force, principal_of
from access.tokens import TokenKind, token_hash
from base.clock import now_ms
from base.errors import Unavailable
from graph.repositories.access import AccessRepository

# With the two seconds between two looks of a stream, a right that was taken away ends within five.
FRESH_S = 2.0
# Wrong tokens are remembered too, so that guessing asks the graph for each guess once; they push each other out.
MAX_REMEMBERED = 10_000
USED_EVERY_S = 60.0

# Whose a session's token is, by the token's hash.
FindSession: TypeAlias = Callable[[str], Awaitable[Principal | None]]


class GraphDirectory:
    """The implementation of `access.gate.Directory`. One a process.

    Args:
        find_session: None where nobody can sign in.
    """

    def __init__(self, repository: AccessRepository, find_session: FindSession | None = None):
        self._repository = repository
        self._find_session = find_session
        self._known: OrderedDict[str, tuple[float, Principal | None]] = OrderedDict()
        self._looking: dict[str, asyncio.Task[Principal | None]] = {}
        self._used_at_s: dict[str, float] = {}
        self._noting: set[asyncio.Task[None]] = set()

    async def find(self, token: str) -> Principal | None:
        """Who holds a token, as of at most `FRESH_S` ago; None when it opens nothing.

        Raises:
            Unavailable: the graph cannot be asked, and it was asked too long ago.
        """
        if not token.startswith((TokenKind.ACCESS, TokenKind.API_KEY)):
            return None
        hashed = token_hash(token)
        known = self._known.get(hashed)
        if known is not None and time.monotonic() - known[0] < FRESH_S:
            return known[1]
        looking = self._looking.get(hashed)
        if looking is None:
            looking = self._looking[hashed] = asyncio.create_task(self._look(token, hashed))
            looking.add_done_callback(lambda _done: self._looking.pop(hashed, None))
        # A caller that leaves must not take the look-up from the others.
        return await asyncio.shield(looking)

    async def _look(self, token: str, hashed: str) -> Principal | None:
        started_s = time.monotonic()
        if token.startswith(TokenKind.API_KEY):
            found = await self._find_key(hashed)
        else:
            found = None if self._find_session is None else await self._find_session(hashed)
        self._known[hashed] = (started_s, found)
        self._known.move_to_end(hashed)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def _find_key(self, hashed: str) -> Principal | None:
        key = await self._repository.find_key(hashed, now_ms())
        if key is None:
            return None
        self._note(key.id)
        return principal_of(PrincipalKind.KEY, key.id, key.name, key.roles, in_force(key.stored), key.purpose)

    def _note(self, key_id: str) -> None:
        """Keep when a key was last used, behind the request's back."""
        now_s = time.monotonic()
        if now_s - self._used_at_s.get(key_id, float("-inf")) < USED_EVERY_S:
            return
        self._used_at_s[key_id] = now_s

        async def note() -> None:
            with suppress(Unavailable):
                await self._repository.use_keys([(key_id, now_ms())])

        task = asyncio.create_task(note())
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)
