"""What a person said about consents, one time after the other."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec

from graph.repositories.consent import CalledRow, ConsentRepository
from rules.consent import Known, is_reserved, said_of

PAGE_CALLS: Final = 5_000

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


async def changes(
    repository: ConsentRepository, customer: str, until_ms: int, most_calls: int | None = None
) -> tuple[list[Known], bool]:
    """Each change of what a living customer said, newest first; what only repeats the one before is left out.

    Args:
        until_ms: calls later than this are not looked at.
        most_calls: of so many calls, the newest, at most; None: of all.

    Returns:
        With whether all calls were looked at.
    """
    found: list[Known] = []
    # What was said of each purpose and channel after the calls that are read now, as of its earliest call.
    later: dict[tuple[str, str], Known] = {}
    count, complete = 0, True
    async with aclosing(_calls(repository, customer, until_ms)) as calls:
        async for row in calls:
            if count == most_calls:
                complete = False
                break
            count += 1
            for name, value in sorted(_decode(row.traits).items()):
                said = said_of(name, msgspec.json.decode(value)) if is_reserved(name) else None
                if said is None:
                    continue
                newer = later.get(said[:2])
                if newer is not None and newer.said != said:
                    found.append(newer)
                later[said[:2]] = Known(said, row.at_ms, row.source)
    found += later.values()
    found.sort(key=lambda one: (-one.at_ms, one.said.purpose, one.said.channel))
    return found, complete


async def _calls(repository: ConsentRepository, customer: str, until_ms: int) -> AsyncGenerator[CalledRow, None]:
    """Calls that say something, newest first. A page begins at the instant at which the one before ends."""
    seen: set[CalledRow] = set()
    while True:
        page = await repository.list_history(customer, until_ms, PAGE_CALLS)
        for row in page:
            if row not in seen:
                yield row
        if len(page) < PAGE_CALLS:
            return
        last_ms = page[-1].at_ms
        seen = {row for row in page if row.at_ms == last_ms}
        # More calls of one instant than a page has say the same.
        until_ms = last_ms if last_ms < until_ms else last_ms - 1
