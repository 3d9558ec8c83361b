"""What every transaction that evaluates rules shares in one process: keys, zone, the rules and the states' cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from base import clock
from base.keys import Keyring
from graph.client import Transaction, TryAgain
from graph.identity.policy import DEFAULT, IdentityPolicy
from graph.repositories import live as repository
from graph.repositories.live import CommitOrder
from graph.repositories.policy import get_current
from workers.live import catalogue as catalogues
from workers.live.catalogue import Catalogue
from workers.live.facts import load_states
from workers.live.state import CustomerState, StateCache


class LiveContext:
    """One a process."""

    def __init__(self, keyring: Keyring, zone: ZoneInfo):
        self.keyring = keyring
        self.zone = zone
        self.cache = StateCache()
        self._catalogue: Catalogue | None = None
        self._policy: IdentityPolicy | None = None
        self._swept_ms = 0

    async def current(self, tx: Transaction) -> tuple[Catalogue, int]:
        """The rules, and an instant (ms) up to which the sweep is complete, as known here.

        Both may be older than what the transaction could see. Older rules are found out by `confirm`; an older
        instant only means that more of them are looked at.
        """
        if self._catalogue is None:
            version, self._swept_ms = await repository.get_catalogue_state(tx)
            return await self.load(tx, version), self._swept_ms
        return self._catalogue, self._swept_ms

    async def renewed(self, tx: Transaction) -> Catalogue:
        """The rules as this transaction sees them."""
        version, _ = await repository.get_catalogue_state(tx)
        return await self.load(tx, version)

    async def load(self, tx: Transaction, version: int) -> Catalogue:
        """The rules of a version that this transaction has seen."""
        known = self._catalogue
        if known is None or known.version != version:
            known = await catalogues.load(tx, version, self.zone, clock.now_ms())
            self._catalogue = known
            # States hold the events that the old rules read.
            self.cache.clear()
        return known

    @property
    def last_policy(self) -> IdentityPolicy:
        """The policy of identity as this process knows it, for what is done before a transaction."""
        return self._policy or DEFAULT

    async def policy(self, tx: Transaction) -> IdentityPolicy:
        """The policy of identity as known here; an older one is found out by `confirm`."""
        return self._policy or await self.renewed_policy(tx)

    async def renewed_policy(self, tx: Transaction) -> IdentityPolicy:
        """The policy of identity as this transaction sees it."""
        self._policy = await get_current(tx)
        # States hold attributes that the old policy chose.
        self.cache.clear()
        return self._policy

    def confirm(self, catalogue: Catalogue, order: CommitOrder, policy: IdentityPolicy | None) -> None:
        """Check the rules that were evaluated, and the policy, against what holds in the order of commits.

        TRICKY: together with `workers/policy/follow.py`, which brings what was resolved before up to date and relies
        on nobody committing under an older policy after a newer one.

        Args:
            policy: under which somebody was identified; None when nobody was.

        Raises:
            TryAgain: they were changed meanwhile.
        """
        if policy is not None and policy.version != order.policy:
            if self._policy is policy:
                self._policy = None
            raise TryAgain("the policy of identity was changed")
        self._swept_ms = max(self._swept_ms, order.swept)
        if catalogue.version != order.catalogue:
            if self._catalogue is catalogue:
                self._catalogue = None
            raise TryAgain("the rules were changed")

    def take(
        self, versions: Mapping[str, int], customer: str, catalogue: Catalogue, from_ms: int
    ) -> CustomerState | None:
        """The state of a locked customer if the cache has it; arguments as of `states`."""
        state = self.cache.take(customer, versions[customer] - 1, catalogue.version, from_ms)
        if state is not None:
            state.version = versions[customer]
        return state

    async def states(
        self, tx: Transaction, versions: dict[str, int], ids: Sequence[str], catalogue: Catalogue, from_ms: int
    ) -> dict[str, CustomerState]:
        """States of locked customers, from the cache or the graph.

        Args:
            versions: customer → version after this transaction counted it up.
            from_ms: rules are asked for their answers at this instant or later.
        """
        found: dict[str, CustomerState] = {}
        missing: list[str] = []
        for customer in ids:
            state = self.take(versions, customer, catalogue, from_ms)
            if state is None:
                missing.append(customer)
            else:
                found[customer] = state
        if missing:
            found.update(await load_states(tx, missing, catalogue, self.keyring, from_ms))
        return found
