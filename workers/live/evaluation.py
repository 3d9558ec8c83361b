"""Which memberships and tags of one customer change, and when exactly. Pure.

An answer can change at certain instants only: an event's own time, the end of its window, midnight for calendar
windows. Rules are evaluated at each of these instants between what was evaluated before and now, in order, so that
`occurred_at` is right to the millisecond and no short stay between two batches is missed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from base import metrics
from delivery.change import CauseKind
from rules.facts import Facts
from rules.instants import instants_of
from rules.tags.compiled import TagValue, same_value
from rules.tags.stages import MoveReason
from workers.live.catalogue import Catalogue, LiveRule, LiveTag
from workers.live.state import CustomerState, Membership, Tagged

# How far back an event's own time is believed as the instant of a change. What arrives later than this changes the
# answer when it arrives: nobody can be told now that they should have been told last week.
LATENESS_MS = 60_000

_EVALUATED = metrics.RULES_EVALUATED.labels("live")


@dataclass(slots=True)
class Touched:
    """What happened to one customer since the last evaluation.

    Args:
        events: event time in ms → (event name, event id) of new events.
        attributes: attribute name → observation time in ms.
        created_ms: when the customer appeared; None when it was there before.
        unplaced: facts changed in a way that has no instant of its own (identity, a new rule): evaluate now.
        cause: what to give where neither event, attribute, tag nor segment explains a change.
    """

    created_ms: int | None = None
    unplaced: bool = False
    cause: CauseKind = "TIME"
    events: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    attributes: dict[str, int] = field(default_factory=dict)

    def instants_of_facts(self) -> set[int]:
        """Instants (ms) of new facts other than events."""
        instants = set(self.attributes.values())
        if self.created_ms is not None:
            instants.add(self.created_ms)
        return instants

    def earliest_ms(self, default: int) -> int:
        """The earliest instant that something new belongs to."""
        return min([*self.events, *self.instants_of_facts()], default=default)


@dataclass(frozen=True, slots=True)
class Flip:
    """A membership that changed at an instant (ms).

    Args:
        sequence: counts the changes of this pair from 1.
        ended: the interval that ends here; None where one begins.
    """

    customer: str
    segment: str
    segment_version: int
    inside: bool
    at: int
    sequence: int
    cause: CauseKind
    event_id: str | None
    ended: Membership | None


@dataclass(frozen=True, slots=True)
class Move:
    """From which stage somebody moved (None: from none), and why."""

    before: TagValue | None
    reason: MoveReason


@dataclass(frozen=True, slots=True)
class TagFlip:
    """Another value of a tag from an instant (ms) on; None: none any more.

    Args:
        move: of a life cycle, what it was before and why it is another one.
    """

    customer: str
    tag: str
    tagged: Tagged
    move: Move | None = None


AnyFlip: TypeAlias = Flip | TagFlip


def evaluate_customer(
    catalogue: Catalogue,
    state: CustomerState,
    keys: Collection[str],
    touched: Touched,
    swept_ms: int,
    now_ms: int,
) -> list[AnyFlip]:
    """Evaluate rules for one customer and change `state` accordingly.

    Args:
        keys: rules to evaluate, with all that they read and that read them (`Catalogue.with_related`).
        swept_ms: instants up to here were evaluated before with the facts known then.

    Returns:
        The changes of segments and tags in the order of their instants; empty when nothing changes.
    """
    rules = catalogue.in_order(keys)
    if not rules:
        return []
    # Before the first sweep nothing can be overdue.
    swept_ms = min(swept_ms, now_ms) if swept_ms else now_ms
    earliest_ms = touched.earliest_ms(now_ms) - 1
    after_ms = min(swept_ms, max(earliest_ms, now_ms - LATENESS_MS))
    if touched.unplaced:
        # What somebody did before a merge made nobody a member then: the sum exists from the merge on.
        after_ms = max(after_ms, earliest_ms)
    facts = state.facts()
    agenda = _agenda(rules, state, touched, after_ms, now_ms)
    flips: list[AnyFlip] = []
    evaluations = 0
    while agenda.due:
        instant = min(agenda.due)
        due = agenda.due.pop(instant)
        flipped: set[str] = set()
        for rule in rules:
            if rule not in due:
                if not flipped or flipped.isdisjoint(rule.reads):
                    continue
                if instant <= agenda.floor_ms[rule]:
                    agenda.evaluate_last(rule, now_ms)
                    continue
            evaluations += 1
            if rule.tag is not None:
                known = state.tagged.get(rule.tag.key)
                retagged = _retag(rule.tag, rule, state, facts, instant)
                if retagged is not None:
                    if rule.tag.has_stages:
                        final = instant >= now_ms and rule in agenda.late
                        cause, _ = _cause(rule, touched, flipped, instant, final)
                        retagged = _moved(retagged, known, rule.tag, touched, cause)
                    flips.append(retagged)
                    flipped.add(rule.key)
                continue
            before = state.memberships.get(rule.key)
            inside = rule.node.holds(facts, instant, rule.zone)
            if inside != (before is not None and before.inside):
                final = instant >= now_ms and rule in agenda.late
                flips.append(
                    _flip(rule, state, before, inside, instant, _cause(rule, touched, flipped, instant, final))
                )
                flipped.add(rule.key)
    _EVALUATED.inc(evaluations)
    return flips


def earliest_asked(swept_ms: int, now_ms: int) -> int:
    """The earliest instant (ms) of which `evaluate_customer` asks rules, whatever was touched.

    TRICKY: together with `evaluate_customer`; facts are loaded for answers from here on.
    """
    return min(swept_ms or now_ms, now_ms - LATENESS_MS)


@dataclass(slots=True)
class _Agenda:
    """Which rules to evaluate at which instant.

    Args:
        due: instant in ms → rules.
        floor_ms: rule → the instant up to which its answer, or that of what it reads, was told already.
        late: rules that something explains which came too late.
    """

    due: dict[int, set[LiveRule]] = field(default_factory=dict)
    floor_ms: dict[LiveRule, int] = field(default_factory=dict)
    late: set[LiveRule] = field(default_factory=set)

    def evaluate_last(self, rule: LiveRule, now_ms: int) -> None:
        """Evaluate a rule at the end. Others may have told of instants after `now_ms`: then as of the last of those."""
        self.due.setdefault(max(now_ms, self.floor_ms[rule]), set()).add(rule)
        self.late.add(rule)


def _agenda(rules: Collection[LiveRule], state: CustomerState, touched: Touched, after_ms: int, now_ms: int) -> _Agenda:
    agenda, facts = _Agenda(), state.facts()
    # Attributes and creation have no boundary in the rules: their own time is the instant to look at.
    of_facts = touched.instants_of_facts()
    unplaced = touched.unplaced or any(at <= after_ms for at in touched.events)
    for rule in rules:
        # What was published stays in order: nothing may change before the last change of the same pair. Nor can a
        # rule be evaluated before the last change of what it reads: the state holds the newest answer only.
        told = [known.at for key in (rule.key, *rule.needs.segments) if (known := state.memberships.get(key))]
        if rule.tag is not None or rule.needs.tags:
            told += _tags_told(rule, state)
        floor_ms = agenda.floor_ms[rule] = max(after_ms, *told) if told else after_ms
        instants = instants_of(rule.turns, facts, after_ms, now_ms, rule.zone)
        late = unplaced
        for at in (*instants, *of_facts) if of_facts else instants:
            if floor_ms < at <= now_ms:
                agenda.due.setdefault(at, set()).add(rule)
            else:
                late = True
        if late:
            agenda.evaluate_last(rule, now_ms)
    return agenda


def _tags_told(rule: LiveRule, state: CustomerState) -> list[int]:
    """When the tag itself and those that it reads last changed (ms)."""
    own = () if rule.tag is None else (rule.tag.key,)
    return [known.at for key in (*own, *rule.needs.tags) if (known := state.tagged.get(key))]


def leave_all(state: CustomerState, cause: CauseKind, now_ms: int, stages: Collection[str] = ()) -> list[AnyFlip]:
    """End every membership of a customer that exists no longer, and take its tags; changes `state` accordingly.

    Args:
        stages: keys of the tags that are life cycles.
    """
    flips: list[AnyFlip] = []
    for segment, before in sorted(state.memberships.items()):
        if before.inside:
            at = max(now_ms, before.at)
            sequence = before.sequence + 1
            state.memberships[segment] = Membership(False, at, before.version, sequence)
            flips.append(Flip(state.id, segment, before.version, False, at, sequence, cause, None, before))
    state.segments.clear()
    for tag, known in sorted(state.tagged.items()):
        if known.value is not None:
            # Labels are known to whoever is somebody again.
            why = MoveReason.IDENTITY if tag in stages and cause != "ERASURE" else None
            flips.append(put_tag(state, tag, Tagged(None, max(now_ms, known.at), known.version, known.marks), why))
    return flips


def put_tag(state: CustomerState, tag: str, tagged: Tagged, why: MoveReason | None = None) -> TagFlip:
    """Change the state's value of a tag and say so.

    Args:
        why: of a life cycle, the reason of the move.
    """
    before = state.tagged.get(tag)
    state.set_tag(tag, tagged)
    return TagFlip(state.id, tag, tagged, None if why is None else Move(None if before is None else before.value, why))


def _retag(tag: LiveTag, rule: LiveRule, state: CustomerState, facts: Facts, instant: int) -> TagFlip | None:
    """Compute a tag; None when its value stays."""
    before = state.tagged.get(tag.key)
    value = tag.value(facts, instant, rule.zone)
    if same_value(value, None if before is None else before.value) or (value is None and tag.keep_old):
        return None
    return put_tag(state, tag.key, Tagged(value, instant, rule.version))


def _moved(flip: TagFlip, before: Tagged | None, tag: LiveTag, touched: Touched, cause: CauseKind) -> TagFlip:
    """The change of a life cycle as a move.

    Until a version is built, what the version before said, or nothing at all, is no stage that somebody was in by this
    one: only a new customer begins with none. And a tag that is kept up to date has nothing left for builds, other than
    what another rule means by now.
    """
    created = touched.created_ms is not None
    unknown = not tag.settled and not created and (before is None or before.version != flip.tagged.version)
    if unknown or (touched.cause == "RULE" and tag.on_events):
        reason = MoveReason.RULE
    elif touched.cause == "IDENTITY" and not created and cause not in ("EVENT", "ATTRIBUTE"):
        reason = MoveReason.IDENTITY
    else:
        reason = MoveReason.CUSTOMER
    return replace(flip, move=Move(None if before is None else before.value, reason))


def _flip(
    rule: LiveRule,
    state: CustomerState,
    before: Membership | None,
    inside: bool,
    instant: int,
    cause: tuple[CauseKind, str | None],
) -> Flip:
    """Change the state's membership and say so."""
    sequence = 1 if before is None else before.sequence + 1
    at = instant if before is None else max(instant, before.at)
    state.memberships[rule.key] = Membership(inside, at, rule.version, sequence)
    if inside:
        state.segments.add(rule.key)
    else:
        state.segments.discard(rule.key)
    ended = None if inside else before
    return Flip(state.id, rule.key, rule.version, inside, at, sequence, cause[0], cause[1], ended)


def _cause(
    rule: LiveRule, touched: Touched, flipped: Collection[str], instant: int, final: bool
) -> tuple[CauseKind, str | None]:
    """What explains a change at an instant. Late events explain only the final evaluation."""
    for at, events in touched.events.items():
        if at == instant or (final and at < instant):
            for name, event_id in events:
                if name in rule.needs.events:
                    return "EVENT", event_id
    if not rule.reads.isdisjoint(flipped):
        return "TAG" if rule.needs.segments.isdisjoint(flipped) else "SEGMENT", None
    for name, at in touched.attributes.items():
        if name in rule.needs.attributes and (at == instant or final):
            return "ATTRIBUTE", None
    return touched.cause, None
