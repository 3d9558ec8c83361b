"""Which identifiers the lists of a policy set aside, and which they do not any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from base.keys import Keyring
from graph.client import GraphClient
from graph.identity.policy import IdentityPolicy
from graph.repositories.identity import BLOCKED
from graph.repositories.survey import StoredValue, SurveyRepository
from ingest.normalising import is_blocked

PAGE_IDENTIFIERS = 2_000


@dataclass(frozen=True, slots=True)
class Listed:
    """Uids to set aside, and uids that were set aside by lists and are free now."""

    blocked: frozenset[str] = frozenset()
    unblocked: frozenset[str] = frozenset()

    def with_page(self, page: Listed) -> Listed:
        """Both together."""
        return Listed(self.blocked | page.blocked, self.unblocked | page.unblocked)


async def find_listed(
    graph: GraphClient, keyring: Keyring, policy: IdentityPolicy
) -> AsyncIterator[tuple[Listed, float]]:
    """Pages over all identifiers, and how much is done, 0 to 1. What a person blocked is left alone."""
    reader, after, count = SurveyRepository(graph), "", 0
    total = max(1, await reader.count())
    while page := await reader.page_values(after, PAGE_IDENTIFIERS):
        after = page[-1].uid
        count += len(page)
        named = {one.uid for one in page if _is_listed(one, keyring, policy)}
        yield (
            Listed(
                frozenset(one.uid for one in page if one.uid in named and one.status != BLOCKED),
                frozenset(one.uid for one in page if one.uid not in named and one.by_policy),
            ),
            min(1.0, count / total),
        )


def _is_listed(one: StoredValue, keyring: Keyring, policy: IdentityPolicy) -> bool:
    return one.cipher is not None and is_blocked(one.namespace, keyring.open_display(one.cipher, one.uid), policy)
