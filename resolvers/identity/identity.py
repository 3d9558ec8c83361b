"""Identity: decisions of people and what they do, the log, and why two identifiers are one customer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from base.clock import MAX_MS
from base.errors import BadInput
from base.ids import call_id
from delivery.change import Change
from graph.client import Transaction
from graph.identity.explain import IdentityExplanation, explain, find_bridges
from graph.identity.resolve import Link
from graph.repositories.decision import DONE, DecisionRecord
from graph.repositories.identity import EvidenceRecord, get_evidence
from graph.repositories.policy import get_current
from ingest.namespaces import parse_namespace
from ingest.personal import mask_identifier
from ingest.sources import DEFAULT_SOURCE
from resolvers.context import RequestContext
from resolvers.customers.profiles import Profile
from resolvers.pages import Page, check_first
from resolvers.refusal import Refusal
from rules.checker import Problem
from workers.decisions.desk import NamedIdentifier
from workers.decisions.effect import CustomerEffect, Effect
from workers.decisions.execution import Said
from workers.decisions.imports import Planned
from workers.decisions.steps import Kind
from workers.identity.reading import read_resolution

DECISIONS = "decisions"
MAX_SPLIT = 1_000
# After every id.
_LAST_ID = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class NamedValue:
    """An identifier as people know it; no value when nobody has seen it."""

    namespace: str
    value: str | None


@dataclass(frozen=True, slots=True)
class ShownCustomerEffect:
    """One customer that is not as it was, its identifiers readable."""

    customer_id: str
    fate: str
    merged_into: str | None
    gained: Sequence[NamedValue]
    lost: Sequence[NamedValue]
    identifier_count: int


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """What a decision did, or would do."""

    decision_id: str | None
    dry_run: bool
    customers: Sequence[ShownCustomerEffect]
    changes: Sequence[Change]
    call_count: int | None


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A decision that takes effect, or is taken back, in the background; counts are a dry run's."""

    decision_id: str | None
    dry_run: bool
    call_count: int | None
    identifier_count: int | None
    customer_count: int | None
    complete: bool | None


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """One line of the log, its identifiers readable."""

    id: str
    kind: str
    at_ms: int
    author: str
    reason: str | None
    policy_version: int
    stands: bool
    subject: str | None
    customer_ids: Sequence[str]
    identifiers: Sequence[NamedValue]
    state: str
    progress: float
    call_count: int | None


@dataclass(frozen=True, slots=True)
class Hop:
    """A link on the way from one identifier to another."""

    from_: NamedValue
    to: NamedValue
    accepted: bool
    bridge: bool
    reason: str | None
    blocking: Sequence[NamedValue]
    decision_id: str | None
    evidence: Sequence[EvidenceRecord]


@dataclass(frozen=True, slots=True)
class ShownExplanation:
    """Why two identifiers are one customer, or why not."""

    together: bool
    policy_version: int
    hops: Sequence[Hop]
    shared: Sequence[NamedValue]


class Names:
    """Readable identifiers by uid."""

    def __init__(self, known: dict[str, NamedValue]):
        self._known = known

    def many(self, uids: Iterable[str]) -> list[NamedValue]:
        """In the order of the uids."""
        return [self.one(uid) for uid in uids]

    def one(self, uid: str) -> NamedValue:
        """Without a value when nobody has seen it."""
        return self._known.get(uid) or NamedValue(uid.partition("|")[0], None)


async def decide(
    context: RequestContext, reason: str, dry_run: bool, act: Callable[[Said], Awaitable[Effect]]
) -> ShownEffect | ShownJob | Refusal:
    """Let a decision take effect, or only look at what it would do.

    Returns:
        What it did, or why it was refused; then nothing changed.
    """
    try:
        effect = await act(Said(context.principal.id, reason, dry_run))
    except BadInput as fault:
        return Refusal((Problem(fault.field or "", fault.message, fault.hint or ""),))
    if effect.background:
        await context.services.jobs.enqueue("carry_out_decision", effect.background)
    if effect.planned:
        return _shown_job(effect.decision, effect.planned, dry_run)
    names = await readable(context, (uid for one in effect.customers for uid in (*one.gained, *one.lost)))
    customers = [_shown(one, names) for one in effect.customers]
    changes = await _seen(context, effect.changes)
    return ShownEffect(effect.decision, dry_run, customers, changes, effect.call_count)


async def _seen(context: RequestContext, changes: Sequence[Change]) -> Sequence[Change]:
    """Those of segments that the asker may see."""
    keys = list({one.segment for one in changes})
    found = dict(zip(keys, await context.loaders.segments.load_many(keys), strict=True))
    return [one for one in changes if found[one.segment] is not None]


def _shown_job(decision: str | None, planned: Planned, dry_run: bool) -> ShownJob:
    if not dry_run:
        return ShownJob(decision, dry_run, None, None, None, None)
    return ShownJob(
        decision, dry_run, planned.call_count, planned.identifier_count, planned.customer_count, planned.complete
    )


def split_uids(context: RequestContext, identifiers: Sequence[tuple[str, str]]) -> list[str]:
    """Uids of named identifiers.

    Raises:
        BadInput: too many, or one that cannot be.
    """
    if len(identifiers) > MAX_SPLIT:
        raise BadInput(f"At most {MAX_SPLIT} identifiers at once.", field="identifiers")
    return [named(context, *one).uid for one in identifiers]


def named(context: RequestContext, namespace: str, value: str) -> NamedIdentifier:
    """An identifier as it is stored.

    Raises:
        BadInput: a namespace that cannot be one.
    """
    known = parse_namespace(namespace)
    if known is None:
        raise BadInput("This is no identifier namespace.", hint="For example user_id, email, phone, wx_openid:<app>.")
    services = context.services
    text, _ = services.spelling.spell(known, value)
    uid = services.keyring.uid(known, text)
    return NamedIdentifier(uid, known, services.keyring.seal_display(text, uid))


def call_of(message_id: str, source: str | None) -> str:
    """The id of a call."""
    return call_id(source or DEFAULT_SOURCE, message_id)


async def decisions_page(
    context: RequestContext, root: Profile, first: int | None, after: str | None
) -> Page[ShownDecision]:
    """What was decided and done about a customer, newest first."""
    first = check_first(first)
    cursors = context.services.cursors
    before_ms, before_id = (MAX_MS, _LAST_ID) if after is None else cursors.decode(DECISIONS, after, (int, str))
    records = await context.services.decisions.list_of_customer(root.id, int(before_ms), str(before_id), first + 1)
    return Page(
        [_decision(context, record) for record in records[:first]],
        cursors=cursors,
        scope=DECISIONS,
        place_of=lambda one: (one.at_ms, one.id),
        has_next_page=len(records) > first,
        resumed=after is not None,
    )


async def find_decision(context: RequestContext, decision: str) -> ShownDecision | None:
    """One line of the log; None when there is none. An undo is as far as what it undid."""
    found = await context.services.decisions.find(decision)
    if found is None:
        return None
    shown, target = _decision(context, found), found
    while target.kind == Kind.UNDO and target.subject is not None:
        inner = await context.services.decisions.find(target.subject)
        assert inner is not None, "an undo names a decision"
        target = inner
    at_work = _decision(context, target)
    return replace(shown, state=at_work.state, progress=at_work.progress, call_count=at_work.call_count)


async def explanation(context: RequestContext, one: tuple[str, str], other: tuple[str, str]) -> ShownExplanation | None:
    """Why two identifiers are one customer, or why not; None when nobody has one of them."""
    a, b = named(context, *one).uid, named(context, *other).uid

    async def work(
        tx: Transaction,
    ) -> tuple[int, IdentityExplanation | None, frozenset[tuple[str, str]], dict[str, EvidenceRecord]]:
        policy = await get_current(tx)
        _, resolution = await read_resolution(tx, {a, b}, policy)
        known = {uid for group in resolution.groups for uid in group}
        if not {a, b} <= known:
            return policy.version, None, frozenset(), {}
        found = explain(resolution, a, b)
        keys = {key for link in found.path for key in link.evidence}
        return policy.version, found, find_bridges(resolution.links), await get_evidence(tx, keys)

    version, found, bridges, evidence = await context.services.graph.write("explain_identity", work)
    if found is None:
        return None
    uids = {uid for start, end, link in found.hops for uid in (start, end, *(link.blocking or ()))}
    names = await readable(context, uids | found.shared)
    hops = [_hop(start, end, link, bridges, evidence, names) for start, end, link in found.hops]
    return ShownExplanation(found.together, version, hops, names.many(sorted(found.shared)))


def _hop(
    start: str,
    end: str,
    link: Link,
    bridges: frozenset[tuple[str, str]],
    evidence: dict[str, EvidenceRecord],
    names: Names,
) -> Hop:
    return Hop(
        from_=names.one(start),
        to=names.one(end),
        accepted=link.rejected is None,
        bridge=(link.a, link.b) in bridges,
        reason=link.rejected,
        blocking=names.many(link.blocking or ()),
        decision_id=link.decision,
        evidence=[evidence[key] for key in link.evidence if key in evidence],
    )


async def readable(context: RequestContext, uids: Iterable[str]) -> Names:
    """Readable identifiers by uid."""
    wanted = set(uids)
    sealed = await context.services.identities.get_values(wanted) if wanted else {}
    return Names({uid: _opened(context, uid, one.namespace, one.cipher) for uid, one in sealed.items()})


def _opened(context: RequestContext, uid: str, namespace: str, cipher: bytes | None) -> NamedValue:
    value = None if cipher is None else context.services.keyring.open_display(cipher, uid)
    return NamedValue(namespace, value if value is None or context.reveals else mask_identifier(namespace, value))


def _shown(one: CustomerEffect, names: Names) -> ShownCustomerEffect:
    return ShownCustomerEffect(
        one.id, one.fate, one.merged_into, names.many(one.gained), names.many(one.lost), one.identifier_count
    )


def _decision(context: RequestContext, record: DecisionRecord) -> ShownDecision:
    return ShownDecision(
        id=record.id,
        kind=record.kind,
        at_ms=record.at_ms,
        author=record.author,
        reason=record.reason,
        policy_version=record.policy_version,
        stands=record.active is not False,
        subject=record.subject,
        customer_ids=[one for one in (record.customer, record.other) if one is not None],
        identifiers=[_opened(context, *one) for one in record.identifiers],
        state=record.state or DONE,
        progress=1.0 if record.progress is None else record.progress,
        call_count=record.call_count,
    )
