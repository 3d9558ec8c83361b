"""Versions of the secret that the graph has met, and the pages of a rotation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypedDict

from base.errors import ConfigurationFault
from base.keys import Keyring
from graph.client import GraphClient, Row, Transaction
from graph.queries import load

# What nodes hold encrypted, in the order in which a rotation takes them: what can be shown to people last, so that it
# has turned as long ago as possible when a version is retired.
KINDS: Final = (
    "users",
    "audit_notes",
    "audit_blocks",
    "quarantined",
    "groups",
    "observations",
    "calls",
    "events",
    "customers",
    "identifiers",
)

_PAGES = {
    "users": load("keys/page_users"),
    "audit_notes": load("keys/page_audit_notes"),
    "audit_blocks": load("keys/page_audit_blocks"),
    "quarantined": load("keys/page_quarantined"),
    "groups": load("keys/page_groups"),
    "observations": load("keys/page_observations"),
    "calls": load("keys/page_calls"),
    "events": load("keys/page_events"),
    "customers": load("keys/page_customers"),
    "identifiers": load("keys/page_identifiers"),
}
_REPLACES = {
    "users": load("keys/replace_users"),
    "audit_notes": load("keys/replace_audit_notes"),
    "audit_blocks": load("keys/replace_audit_blocks"),
    "quarantined": load("keys/replace_quarantined"),
    "groups": load("keys/replace_groups"),
    "observations": load("keys/replace_observations"),
    "calls": load("keys/replace_calls"),
    "events": load("keys/replace_events"),
    "customers": load("keys/replace_customers"),
    "identifiers": load("keys/replace_identifiers"),
}
_LIST_VERSIONS = load("keys/list_versions")
_MERGE_VERSIONS = load("keys/merge_versions")
_RETIRE_VERSION = load("keys/retire_version")
_FIND_ROTATION = load("keys/find_rotation")
_BEGIN_ROTATION = load("keys/begin_rotation")
_ADVANCE_ROTATION = load("keys/advance_rotation")
_LIST_SAMPLES = load("keys/list_samples")

SAMPLES = 10

_TOLD = "Set KITH_SECRET_KEY to the value that the data was written with, see docs/operating.md."


class HeldRow(NamedTuple):
    """A node by its key, and what is encrypted on it: properties in the order of `keys/page_…`; None for none."""

    key: str
    held: Sequence[Any]


class ReplacementRow(TypedDict):
    """What a node held when it was read, and what it is to hold."""

    key: str
    old: Sequence[Any]
    new: Sequence[Any]


class RotationRecord(NamedTuple):
    """How far the rotation to a version is: nodes of `kind` up to and with the key `after` are done."""

    kind: str
    after: str
    looked_at: int
    replaced: int
    unreadable: int
    done: bool


class Step(NamedTuple):
    """What a page adds to a rotation, and where it leads."""

    kind: str
    after: str
    looked_at: int = 0
    replaced: int = 0
    unreadable: int = 0
    done: bool = False


class VersionRecord(NamedTuple):
    """A version of the secret that values were encrypted with; `retired`: none is any more."""

    version: int
    check: str
    lowest: bool
    retired: bool


async def list_versions(graph: GraphClient) -> list[VersionRecord]:
    """All versions that the graph has met, ascending."""
    return [VersionRecord(**row) for row in await graph.read(_LIST_VERSIONS)]


async def check_versions(graph: GraphClient) -> None:
    """Compare the secrets that are set with what the graph was written with. Reads only.

    Raises:
        ConfigurationFault: a version is missing or another, or the lowest is.
        Unavailable: Neo4j cannot be reached.
    """
    keyring = graph.personal.keyring
    checks = keyring.checks
    met = await list_versions(graph)
    for one in met:
        if one.version not in checks and (one.lowest or not one.retired):
            raise ConfigurationFault(
                f"Version {one.version} of KITH_SECRET_KEY is missing, and data was written with it. {_TOLD}"
            )
        if checks.get(one.version, one.check) != one.check:
            raise ConfigurationFault(
                f"Version {one.version} of KITH_SECRET_KEY is another than the data was written with. {_TOLD}"
            )
        if one.lowest and one.version != keyring.lowest:
            raise ConfigurationFault(
                f"Version {keyring.lowest} of KITH_SECRET_KEY is lower than {one.version}, which identifiers are found "
                f"by: give a new version a higher number."
            )
    if not met:
        samples = await graph.read(_LIST_SAMPLES, count=SAMPLES)
        # One may be damaged.
        if samples and not any(_opens(keyring, row) for row in samples):
            raise ConfigurationFault(f"KITH_SECRET_KEY is another than the data was written with. {_TOLD}")


def _opens(keyring: Keyring, row: Row) -> bool:
    try:
        keyring.open_display(row["cipher"], row["uid"])
    except ConfigurationFault:
        return False
    return True


async def meet_versions(graph: GraphClient) -> None:
    """The same, and note versions that are new. Needs the schema.

    Raises:
        ConfigurationFault, Unavailable: as of `check_versions`.
    """
    await check_versions(graph)
    keyring = graph.personal.keyring
    rows = [
        {"version": version, "check": check, "lowest": version == keyring.lowest, "current": version == keyring.current}
        for version, check in keyring.checks.items()
    ]

    async def work(tx: Transaction) -> None:
        await tx.run(_MERGE_VERSIONS, rows=rows)

    await graph.write("keys/merge_versions", work)


async def retire_version(graph: GraphClient, version: int) -> bool:
    """Note that nothing is encrypted with a version any more; False when the graph never met it."""

    async def work(tx: Transaction) -> bool:
        return bool((await tx.run(_RETIRE_VERSION, version=version))[0]["retired"])

    return await graph.write("keys/retire_version", work)


async def page(graph: GraphClient, kind: str, after: str, count: int) -> list[HeldRow]:
    """Nodes of a kind after a key, ascending, at most `count`."""
    return [HeldRow(*row) for row in (await graph.read(_PAGES[kind], after=after, count=count))[0]["rows"]]


async def find_rotation(graph: GraphClient, keyring: Keyring) -> RotationRecord | None:
    """How far the rotation to the current version is; None when there never was one."""
    rows = await graph.read(_FIND_ROTATION, current=keyring.current)
    return RotationRecord(**rows[0]) if rows else None


async def begin_rotation(graph: GraphClient, keyring: Keyring, now_ms: int) -> None:
    """Begin at the first kind; one that is under way goes on."""

    async def work(tx: Transaction) -> None:
        await tx.run(_BEGIN_ROTATION, current=keyring.current, kind=KINDS[0], at=now_ms)

    await graph.write("keys/begin_rotation", work)


async def advance(
    tx: Transaction, keyring: Keyring, known: RotationRecord, rows: Sequence[ReplacementRow], step: Step, now_ms: int
) -> int:
    """Write the rows of a page (sorted by key) and where the rotation stands behind it, both or neither.

    What was written since it was read is left as it is: whoever wrote it used the current version.

    Returns:
        How many nodes were written. Where another process has noted more, where that stands stays.
    """
    replaced = int((await tx.run(_REPLACES[known.kind], rows=rows))[0]["replaced"]) if rows else 0
    await tx.run(
        _ADVANCE_ROTATION,
        current=keyring.current,
        kind=known.kind,
        after=known.after,
        next_kind=step.kind,
        next_after=step.after,
        looked_at=step.looked_at,
        replaced=replaced,
        unreadable=step.unreadable,
        done=step.done,
        at=now_ms,
    )
    return replaced
