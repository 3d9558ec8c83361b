"""The purposes that customers are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from base.clock import now_ms
from base.errors import NotFound
from graph.client import Transaction
from graph.repositories import purpose as repository
from graph.repositories.purpose import Purpose
from resolvers.context import RequestContext
from resolvers.refusal import Refusal, Refused
from rules.consent import KEY_HINT, key_of
from rules.problems import Problem, text_fault

# A list that somebody can read before they agree.
MAX_PURPOSES = 50
MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class Edit:
    """What is said of a purpose; None stays as it is."""

    name_zh: str | None
    name_en: str | None
    granted: bool | None
    required: bool | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """A purpose that is gone."""

    key: str


async def list_all(context: RequestContext) -> Sequence[Purpose]:
    """All purposes, by key."""
    return await context.services.purposes.list_all()


async def put(context: RequestContext, key: str, edit: Edit) -> Purpose | Refusal:
    """Make a purpose, or change what the edit names."""
    problems = list(_problems(key, edit))
    if problems:
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> Purpose:
        known = {one.key: one for one in await repository.lock(tx)}
        old = known.get(key)
        if old is None and len(known) >= MAX_PURPOSES:
            hint = "Delete one that nobody asks for."
            raise Refused(Problem("key", f"There are at most {MAX_PURPOSES} purposes.", hint))
        return await repository.put(
            tx,
            key,
            _chosen(edit.name_zh, None if old is None else old.name_zh),
            _chosen(edit.name_en, None if old is None else old.name_en),
            now_ms(),
            granted=(old is not None and old.granted) if edit.granted is None else edit.granted,
            required=(old is not None and old.required) if edit.required is None else edit.required,
        )

    try:
        return await context.services.graph.write("put_purpose", work)
    except Refused as refused:
        return Refusal(refused.problems)


async def delete(context: RequestContext, key: str) -> Deleted:
    """Forget a purpose; what customers said of it stays, and counts again when it is made again.

    Raises:
        NotFound: there is none.
    """

    async def work(tx: Transaction) -> None:
        await repository.lock(tx)
        if not await repository.delete(tx, key):
            raise NotFound("There is no purpose of this key.", hint="`purposes` lists them.")

    await context.services.graph.write("delete_purpose", work)
    return Deleted(key)


def _problems(key: str, edit: Edit) -> Sequence[Problem]:
    problems = []
    if key_of(key) != key:
        problems.append(Problem("key", "This cannot be the key of a purpose.", KEY_HINT))
    for field, value in (("input.nameZh", edit.name_zh), ("input.nameEn", edit.name_en)):
        if value is not None and len(value) > MAX_NAME_CHARS:
            problems.append(Problem(field, f"A name has at most {MAX_NAME_CHARS} characters.", "Shorten it."))
        elif value is not None and (fault := text_fault(value)) is not None:
            problems.append(Problem(field, fault, "Take it out."))
    return problems


def _chosen(given: str | None, old: str | None) -> str | None:
    return old if given is None else given.strip() or None
