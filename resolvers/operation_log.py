"""The operation log: who did what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from audit.entry import Outcome, Stored
from audit.search import NEWEST, Wanted
from base.errors import BadInput
from resolvers.context import RequestContext
from resolvers.pages import Page, check_first

ENTRIES: Final = "operation-log"
MAX_SEARCH_CHARS: Final = 100


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as it is shown, see audit.entry.Entry."""

    number: int
    hash: str
    at_ms: int
    module: str
    action: str
    object: str | None
    user: str
    user_name: str
    roles: Sequence[str]
    ip: str | None
    request_id: str | None
    outcome: Outcome
    code: str | None
    dry_run: bool
    purpose: str | None
    customers: Sequence[str]
    customer_count: int
    fields: Sequence[str]


def wanted(
    text: str | None,
    from_ms: int | None,
    to_ms: int | None,
    module: str | None,
    action: str | None,
    user: str | None,
    outcome: Outcome | None,
) -> Wanted:
    """What the arguments mean.

    Raises:
        BadInput: a time that ends before it begins, or a text that nobody could have meant.
    """
    for name, value in {"search": text, "module": module, "action": action, "user": user}.items():
        if value is not None and not 0 < len(value) <= MAX_SEARCH_CHARS:
            raise BadInput(f"It has 1 to {MAX_SEARCH_CHARS} characters.", field=name)
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise BadInput("The time ends before it begins.", hint="Let `from` lie before `to`.", field="from")
    return Wanted(text, from_ms, to_ms, module, action, user, outcome)


async def page(context: RequestContext, asked: Wanted, *, first: int | None, after: str | None) -> Page[ShownEntry]:
    """Entries, newest first."""
    first = check_first(first)
    below = NEWEST
    if after is not None:
        below = int(context.services.cursors.decode(ENTRIES, after, (int,))[0])
    found = await context.services.audit_search.page(asked, below, first)
    return Page(
        [_shown(one) for one in found.entries],
        cursors=context.services.cursors,
        scope=ENTRIES,
        place_of=lambda one: (one.number,),
        has_next_page=found.read_on is not None,
        resumed=after is not None,
        end_place=None if found.read_on is None else (found.read_on,),
    )


def _shown(one: Stored) -> ShownEntry:
    return ShownEntry(number=one.seq, hash=one.hash, **msgspec.structs.asdict(one.entry))
