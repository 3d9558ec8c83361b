"""Versions of the policy of identity, trials, and how far the graph has followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graph.client import GraphClient, Transaction
from graph.identity.policy import DEFAULT, IdentityPolicy
from graph.identity.policy_document import decode_policy
from graph.queries import load

_GET_CURRENT = load("policy/get_current")
_LOCK_CURRENT = load("policy/lock_current")
_CREATE = load("policy/create")
_FIND = load("policy/find")
_LIST_UNFINISHED = load("policy/list_unfinished")
_LIST_UNTIL = load("policy/list_until")
_SET_PROGRESS = load("policy/set_progress")
_FIND_OF_NAMESPACE = load("identity/find_of_namespace")
_DELETE_TRIALS = load("policy/delete_trials")

PENDING = "PENDING"
DONE = "DONE"
FAILED = "FAILED"
SUPERSEDED = "SUPERSEDED"
DEFAULT_ID = "pol_default"


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """A policy to write.

    Args:
        version: None for a trial.
        steps: what the graph has to follow in; none: it is up to date at once.
    """

    id: str
    version: int | None
    body: str
    author: str
    reason: str
    at_ms: int
    steps: Sequence[str]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a policy changes, as far as was looked.

    Args:
        customers: that have other identifiers, or had them at other times.
        identifiers: that are set aside by its lists, or not any more.
        attributes: customers with other attributes.
    """

    customers: int = 0
    identifiers: int = 0
    attributes: int = 0


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A stored policy, or the default.

    Args:
        trial: of a dry run; it never comes into force.
        state: PENDING, DONE, FAILED or SUPERSEDED.
        progress: 0 to 1.
        at_ms: None for the default.
        error: why it failed, for people to read.
    """

    id: str
    policy: IdentityPolicy
    trial: bool
    author: str
    reason: str
    at_ms: int | None
    steps: tuple[str, ...]
    state: str
    progress: float
    counts: Counts
    error: str | None


async def get_current(tx: Transaction) -> IdentityPolicy:
    """The policy in force."""
    row = (await tx.run(_GET_CURRENT))[0]
    return _policy(row["version"], row["body"])


async def lock_current(tx: Transaction, now_ms: int) -> IdentityPolicy:
    """The policy in force; nobody else changes it before the commit."""
    row = (await tx.run(_LOCK_CURRENT, now=now_ms))[0]
    return _policy(row["version"], row["body"])


async def create(tx: Transaction, policy: NewPolicy) -> None:
    """Write a policy; one with a version is in force. The one in force before is locked."""
    await tx.run(
        _CREATE,
        id=policy.id,
        version=policy.version,
        body=policy.body,
        author=policy.author,
        reason=policy.reason,
        at=policy.at_ms,
        steps=list(policy.steps),
        state=PENDING if policy.steps else DONE,
    )


async def delete_trials(tx: Transaction, before_ms: int) -> None:
    """Forget trials from before an instant."""
    await tx.run(_DELETE_TRIALS, before=before_ms)


async def has_namespace(tx: Transaction, name: str) -> bool:
    """Whether any identifier is of a namespace, or of a family (`name:*`)."""
    prefix = name.removesuffix("*") if name.endswith(":*") else f"{name}|"
    return bool(await tx.run(_FIND_OF_NAMESPACE, prefix=prefix))


class PolicyRepository:
    """Reads and notes of progress; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def get_current(self) -> PolicyRecord:
        """The policy in force."""
        found = await self.find()
        assert found is not None, "there always is one"
        return found

    async def find(self, policy_id: str | None = None, version: int | None = None) -> PolicyRecord | None:
        """A policy by its id, else by its version, else the one in force; None when there is none."""
        wanted = None if policy_id == DEFAULT_ID else policy_id
        asked = DEFAULT.version if policy_id == DEFAULT_ID else version
        row = (await self._graph.read(_FIND, id=wanted, version=asked))[0]
        if row["id"] is None:
            is_default = wanted is None and (row["current"] if asked is None else asked) == DEFAULT.version
            return _DEFAULT_RECORD if is_default else None
        return PolicyRecord(
            id=row["id"],
            policy=decode_policy(row["version"] or row["current"], row["body"]),
            trial=row["version"] is None,
            author=row["author"],
            reason=row["reason"],
            at_ms=row["at"],
            steps=tuple(row["steps"]),
            state=row["state"],
            progress=row["progress"],
            counts=Counts(row["customers"] or 0, row["identifiers"] or 0, row["attributes"] or 0),
            error=row["error"],
        )

    async def list_unfinished(self) -> list[str]:
        """Ids of policies and trials that are PENDING, the oldest first."""
        return [row["id"] for row in await self._graph.read(_LIST_UNFINISHED)]

    async def list_until(self, version: int) -> list[IdentityPolicy]:
        """The newest version that the graph has followed whole, and all after it up to one."""
        rows = await self._graph.read(_LIST_UNTIL, version=version)
        found = [decode_policy(row["version"], row["body"]) for row in rows]
        # The default is stored nowhere.
        first_done = rows[0]["done"] if rows else True
        return found if first_done else [DEFAULT, *found]

    async def set_progress(
        self, policy_id: str, state: str, progress: float, counts: Counts, error: str | None = None
    ) -> None:
        """Note how far the graph has come; nothing happens to one that is not PENDING."""

        async def work(tx: Transaction) -> None:
            await tx.run(
                _SET_PROGRESS,
                id=policy_id,
                state=state,
                progress=progress,
                customers=counts.customers,
                identifiers=counts.identifiers,
                attributes=counts.attributes,
                error=error,
            )

        await self._graph.write("set_policy_progress", work)


_DEFAULT_RECORD = PolicyRecord(DEFAULT_ID, DEFAULT, False, "kith", "The default.", None, (), DONE, 1.0, Counts(), None)


def _policy(version: int, body: str | None) -> IdentityPolicy:
    return DEFAULT if body is None else decode_policy(version, body)
