"""How people's identifiers are spelled before they are looked up: by the policy of identity, as lately known."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from base.errors import Unavailable
from graph.identity.policy import DEFAULT, IdentityPolicy
from graph.repositories.policy import PolicyRepository
from ingest.normalising import normalise

# A spelling never changes where there are identifiers, so an older policy misses at most what is seconds old.
REFRESH_EVERY_S = 2.0


class Spelling:
    """One a process.

    Args:
        region: two letters, for phones without a country code.
    """

    def __init__(self, policies: PolicyRepository, region: str):
        self._policies = policies
        self._region = region
        self._policy: IdentityPolicy = DEFAULT
        self._known_s = 0.0
        self._refreshing: asyncio.Task[None] | None = None

    def spell(self, namespace: str, value: str) -> tuple[str, bool]:
        """A value in its one spelling, and whether it can identify anybody. Needs a running event loop."""
        if time.monotonic() - self._known_s > REFRESH_EVERY_S and self._refreshing is None:
            self._refreshing = asyncio.create_task(self.refresh())
        found = normalise(namespace, value, self._region, self._policy)
        return found.value, found.reason is None

    async def refresh(self) -> None:
        """Read the policy in force; while Neo4j is away the last one stands."""
        try:
            with suppress(Unavailable):
                self._policy = (await self._policies.get_current()).policy
            self._known_s = time.monotonic()
        finally:
            self._refreshing = None
