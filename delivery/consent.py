"""Who of some customers may be reached: the one place where whatever leaves the platform asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from base import clock
from base.errors import BadInput
from base.pages import pages
from graph.client import GraphClient
from graph.repositories.consent import ConsentRepository
from graph.repositories.purpose import Purpose, PurposeRepository
from rules.consent import ALL_CHANNELS, KEY_HINT, key_of, may

# About 1 KB of attributes each.
PAGE_CUSTOMERS: Final = 500


@dataclass(frozen=True, slots=True)
class Aim:
    """For what customers are to be reached, and how.

    Args:
        granted: what counts of the purpose where nothing was said.
    """

    purpose: str
    channel: str
    granted: bool


@dataclass(frozen=True, slots=True)
class Consented:
    """Those of the customers who may be reached, in the order given, and how many others there were."""

    kept: list[str]
    withheld: int


class Consenting:
    """Asks the graph, which is never behind; one a process."""

    def __init__(self, graph: GraphClient):
        self._consents = ConsentRepository(graph)
        self._purposes = PurposeRepository(graph)

    async def aim(self, purpose: str, channel: str | None) -> Aim:
        """What a purpose and a channel mean.

        Args:
            channel: None for what was said of all channels alone.

        Raises:
            BadInput: there is no such purpose, or the channel cannot be one.
        """
        known: dict[str, Purpose] = {one.key: one for one in await self._purposes.list_all()}
        if purpose not in known:
            raise BadInput("There is no purpose of this key.", hint="`purposes` lists them.", field="purpose")
        key = ALL_CHANNELS if channel is None else key_of(channel)
        if key is None:
            raise BadInput("This cannot be a channel.", hint=KEY_HINT, field="channel")
        return Aim(purpose, key, known[purpose].granted)

    async def kept(self, ids: Sequence[str], aim: Aim) -> Consented:
        """Those of the customers who may be reached now: with consent, and not restricted.

        Ids that nobody has are withheld; a retired id is as its successor.
        """
        kept: list[str] = []
        for page in pages(ids, PAGE_CUSTOMERS):
            found = await self._consents.get_attributes(page)
            now_ms = clock.now_ms()
            kept += [
                one for one in page if one in found and may(found[one], aim.purpose, aim.channel, aim.granted, now_ms)
            ]
        return Consented(kept, len(ids) - len(kept))
