"""Keys of programs: API keys, which hold roles, and write keys, each of a source."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from access.permissions import Permission
from access.roles import in_force
from access.tokens import SHOWN_CHARS, TokenKind, new_token, token_hash
from base.clock import now_ms
from base.errors import NotFound
from graph.client import Transaction
from graph.repositories import access as repository
from graph.repositories.access import KeyRecord
from ingest.sources import DEFAULT_SOURCE, IMPORT_PREFIX
from resolvers.access.roles import check_grant
from resolvers.context import RequestContext
from resolvers.definitions import name_problems
from resolvers.refusal import Refusal, Refused
from rules.checker import Problem
from rules.durations import BadDuration, parse_duration_ms

API: Final = "API"
WRITE: Final = "WRITE"
KEY_PREFIX: Final = "key_"
MAX_ROLES_OF_KEY: Final = 8
MAX_PURPOSE_CHARS: Final = 200
DEFAULT_DAYS: Final = 365
MAX_DAYS: Final = 730
MAX_OVERLAP_MS: Final = timedelta(days=30) // timedelta(milliseconds=1)
_DAY_MS: Final = timedelta(days=1) // timedelta(milliseconds=1)
_ID_BYTES: Final = 12
_SOURCE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_KINDS: Final = {API: TokenKind.API_KEY, WRITE: TokenKind.WRITE_KEY}


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key with its token, which is shown this once."""

    key: KeyRecord
    token: str


async def list_all(context: RequestContext, kind: str) -> list[KeyRecord]:
    """Keys of a kind, newest first, ended ones too."""
    return await context.services.access.list_keys(kind)


async def create_api_key(
    context: RequestContext, name: str, roles: Sequence[str], purpose: str | None, days: int | None
) -> MadeKey | Refusal:
    """Make a key for a program that asks.

    Raises:
        KithError: FORBIDDEN, a role that holds what the asker does not.
    """
    problems = [*name_problems(name), *_day_problems(days), *_purpose_problems(purpose)]
    if not 1 <= len(roles) <= MAX_ROLES_OF_KEY:
        problems.append(Problem("input.roles", f"A key holds 1 to {MAX_ROLES_OF_KEY} roles.", None))

    draft = _Draft(context, API, name, days)

    async def work(tx: Transaction) -> MadeKey:
        await repository.lock(tx)
        known = in_force(await repository.list_roles(tx))
        for place, role in enumerate(roles):
            if role not in known:
                raise Refused(Problem(f"input.roles.{place}", "There is no role of this key.", "`roles` lists them."))
        held = [known[role] for role in dict.fromkeys(roles)]
        check_grant(context, held)
        if purpose is None and any(Permission.PERSONAL_REVEAL in role.permissions for role in held):
            hint = "Say in a few words what the program needs personal values for."
            raise Refused(Problem("input.purpose", "A key that may read personal values has a purpose.", hint))
        given = {"roles": [role.key for role in held], "purpose": None if purpose is None else purpose.strip()}
        return await draft.create(tx, given)

    return await _written(context, "create_api_key", problems, work)


async def create_write_key(context: RequestContext, name: str, source: str, days: int | None) -> MadeKey | Refusal:
    """Make a key for a program that sends; its calls are of the source."""
    problems = [*name_problems(name), *_day_problems(days)]
    if not _SOURCE.fullmatch(source) or source == DEFAULT_SOURCE or source.startswith(IMPORT_PREFIX):
        hint = f"Letters, digits, `_`, `-` or `.`, at most 64; {DEFAULT_SOURCE!r} is the key's of the environment."
        problems.append(Problem("input.source", "This is no name for a source.", hint))

    draft = _Draft(context, WRITE, name, days)

    async def work(tx: Transaction) -> MadeKey:
        return await draft.create(tx, {"source": source, "roles": []})

    return await _written(context, "create_write_key", problems, work)


async def rotate(context: RequestContext, key_id: str, overlap: str) -> MadeKey | Refusal:
    """Give a key another token; the one of now opens the same for the overlap, an ISO 8601 duration.

    Raises:
        NotFound: no such key.
    """
    problems: list[Problem] = []
    overlap_ms = 0
    try:
        overlap_ms = parse_duration_ms(overlap)
    except BadDuration as fault:
        problems.append(Problem("overlap", str(fault), fault.hint))
    if overlap_ms > MAX_OVERLAP_MS:
        problems.append(Problem("overlap", "The old token works for 30 days at most.", None))

    # Made before, so that a transaction that is tried again makes the same.
    tokens = {kind: new_token(token_kind) for kind, token_kind in _KINDS.items()}

    async def work(tx: Transaction) -> MadeKey:
        at_ms = now_ms()
        old = await repository.get_key(tx, key_id, at_ms)
        if old is None:
            raise _unknown()
        if old.revoked_at is not None or old.expires_at <= at_ms:
            raise Refused(Problem("id", "The key has ended.", "Make another one."))
        roles = in_force(await repository.list_roles(tx))
        check_grant(context, [roles[role] for role in old.roles if role in roles])
        token = tokens[old.kind]
        made = await repository.rotate_key(
            tx, key_id, token_hash(token), token[:SHOWN_CHARS], at_ms, at_ms + overlap_ms
        )
        return MadeKey(made, token)

    return await _written(context, "rotate_key", problems, work)


async def revoke(context: RequestContext, key_id: str) -> KeyRecord:
    """End a key, within seconds everywhere.

    Raises:
        NotFound: no such key.
    """

    async def work(tx: Transaction) -> KeyRecord:
        at_ms = now_ms()
        if await repository.get_key(tx, key_id, at_ms) is None:
            raise _unknown()
        return await repository.revoke_key(tx, key_id, at_ms)

    return await context.services.graph.write("revoke_key", work)


class _Draft:
    """A key to be made: its id and token are chosen once, however often the transaction is tried."""

    def __init__(self, context: RequestContext, kind: str, name: str, days: int | None):
        self._id = KEY_PREFIX + secrets.token_hex(_ID_BYTES)
        self._kind = kind
        self._token = new_token(_KINDS[kind])
        at_ms = now_ms()
        self._properties = {
            "name": name.strip(),
            "prefix": self._token[:SHOWN_CHARS],
            "created_by": context.principal.id,
            "created_at": at_ms,
            "expires_at": at_ms + (DEFAULT_DAYS if days is None else days) * _DAY_MS,
        }

    async def create(self, tx: Transaction, given: Mapping[str, object]) -> MadeKey:
        properties = {**self._properties, **given}
        made = await repository.create_key(tx, self._id, self._kind, token_hash(self._token), properties)
        return MadeKey(made, self._token)


async def _written(
    context: RequestContext, name: str, problems: Sequence[Problem], work: Callable[[Transaction], Awaitable[MadeKey]]
) -> MadeKey | Refusal:
    if problems:
        return Refusal(tuple(problems))
    try:
        return await context.services.graph.write(name, work)
    except Refused as refused:
        return Refusal(refused.problems)


def _day_problems(days: int | None) -> list[Problem]:
    if days is None or 1 <= days <= MAX_DAYS:
        return []
    return [Problem("input.days", f"A key lives for 1 to {MAX_DAYS} days.", "Rotate it, or make another one, in time.")]


def _purpose_problems(purpose: str | None) -> list[Problem]:
    if purpose is None or 0 < len(purpose.strip()) <= MAX_PURPOSE_CHARS:
        return []
    return [Problem("input.purpose", f"A purpose has 1 to {MAX_PURPOSE_CHARS} characters.", None)]


def _unknown() -> NotFound:
    return NotFound("There is no key of this id.", hint="`apiKeys` and `writeKeys` list them.")
