"""Whether a chaos run kept every promise: nothing lost or doubled, memberships right, every change told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from base.clock import iso, parse_iso_ms
from base.ids import call_id
from base.keys import Keyring
from delivery.change import AnyChange, Change
from ingest.sources import DEFAULT_SOURCE
from rules.evaluate import evaluate
from rules.needs import needs, order_by_dependency
from rules.parser import parse_rule
from rules.tree import Rule
from tests.chaos.calls import Call, identifiers_of, people_of, traits_of
from tests.chaos.picture import Picture
from tests.chaos.senders import Told
from tests.chaos.subscriber import Update
from tests.support.line import assert_sequences

# A failed comparison of ten thousand things shows the first few.
SHOWN = 5
UTC = ZoneInfo("UTC")


def judge(
    told: Told,
    picture: Picture,
    stream: Sequence[AnyChange],
    heard: Sequence[Update],
    rules: Mapping[str, Mapping[str, object]],
    keyring: Keyring,
) -> None:
    """Fail at the first promise that was broken.

    Args:
        stream: what was published; like `heard`, read after the picture, so it may go on behind it.
    """
    assert not told.refused, f"refused: {told.refused[:SHOWN]}"
    assert not picture.quarantined, picture.quarantined[:SHOWN]
    calls = _check_calls(told, picture)
    _check_people(calls, picture, keyring)
    _check_memberships(picture, {key: parse_rule(dict(rule)) for key, rule in rules.items()})
    _check_changes(picture, stream, heard)


def _check_calls(told: Told, picture: Picture) -> list[Call]:
    """Acknowledged = applied, each once and as it was sent; returns what was applied."""
    sent = {call_id(DEFAULT_SOURCE, message_id): call for message_id, call in told.sent.items()}
    applied = picture.events.keys() | picture.calls
    _nothing_in({call_id(DEFAULT_SOURCE, one) for one in told.acknowledged} - applied, "acknowledged and lost")
    _nothing_in(applied - sent.keys(), "never sent")
    _nothing_in(picture.events.keys() & picture.calls, "applied both as an event and as a call")
    for id, event in picture.events.items():
        call = sent[id]
        assert event.places == 1, f"{call} hangs on {event.places} identifiers"
        stored = (event.name, iso(event.at_ms), event.properties)
        assert stored == (call["event"], call["timestamp"], call["properties"]), call
    calls = [sent[id] for id in applied]
    assert {call["type"] for call in calls if call_id(DEFAULT_SOURCE, call["messageId"]) in picture.calls} <= {
        "identify"
    }
    # A call that names two identifiers and was applied twice would be counted twice here, though it exists once.
    assert picture.evidence_calls == sum(len(identifiers_of(call)) > 1 for call in calls)
    return calls


def _check_people(calls: Sequence[Call], picture: Picture, keyring: Keyring) -> None:
    people = {frozenset(keyring.uid(*one) for one in person): person for person in people_of(calls)}
    found = {customer.uids: customer for customer in picture.customers.values()}
    _nothing_in(people.keys() - found.keys(), "a person is not one customer")
    _nothing_in(found.keys() - people.keys(), "a customer is nobody")
    assert len(picture.customers) == len(people)
    assert picture.retired_edges == 0
    traits = traits_of(calls)
    for uids, person in people.items():
        users = [value for namespace, value in person if namespace == "user_id"]
        expected = {} if not users else traits.get(users[0], {})
        assert found[uids].attributes == expected, f"{users}"


def _check_memberships(picture: Picture, rules: Mapping[str, Rule]) -> None:
    """Every stored membership equals a fresh evaluation over the facts in the graph, as of the sweep's watermark."""
    order = order_by_dependency(rules)
    wrong = []
    for id, customer in picture.customers.items():
        before, after = (_evaluate(picture, id, rules, order, at_ms) for at_ms in picture.swept_ms)
        stored = frozenset(customer.memberships)
        # Between the two instants either answer is right.
        if not (before & after <= stored <= before | after):
            wrong.append(f"{id}: stored {sorted(stored)}, evaluated {sorted(before)}")
    _nothing_in(wrong, "wrong memberships")


def _evaluate(
    picture: Picture, customer: str, rules: Mapping[str, Rule], order: Sequence[str], at_ms: int
) -> frozenset[str]:
    inside: frozenset[str] = frozenset()
    for key in order:
        assert needs(rules[key]).segments <= set(order[: order.index(key)])
        if evaluate(rules[key], picture.facts(customer, inside), at_ms, UTC):
            inside |= {key}
    return inside


def _check_changes(picture: Picture, stream: Sequence[AnyChange], heard: Sequence[Update]) -> None:
    """Outbox, stream, subscriber and memberships tell one story without a gap or a repeat."""
    assert_sequences(picture.changes)
    assert len(picture.changes) > 0
    assert stream[: len(picture.outbox)] == picture.outbox
    assert [change.position for change in stream] == list(range(1, len(stream) + 1))
    published = [change for change in stream if isinstance(change, Change)]
    for place, (change, update) in enumerate(zip(published, heard, strict=False)):
        assert _as_heard(change) == _as_told(update), f"at {place}: published {change}, heard {update}"
    assert len(heard) >= len(picture.changes)
    last = {(change.customer, change.segment): change for change in picture.changes}
    told = {key: change.sequence for key, change in last.items() if change.kind == "ENTERED"}
    stored = {
        (id, segment): sequence
        for id, customer in picture.customers.items()
        for segment, sequence in customer.memberships.items()
    }
    _nothing_in(told.items() ^ stored.items(), "memberships that differ from the last change")


def _as_heard(change: Change) -> tuple[object, ...]:
    return (change.id, change.kind, change.segment, change.customer, change.sequence, change.occurred_at, change.cause)


def _as_told(update: Update) -> tuple[object, ...]:
    at_ms = parse_iso_ms(update["occurredAt"])
    return (
        update["id"],
        update["kind"],
        update["segment"]["key"],
        update["customerId"],
        update["sequence"],
        at_ms,
        update["cause"]["kind"],
    )


def _nothing_in(found: object, what: str) -> None:
    assert isinstance(found, set | list | frozenset)
    assert not found, f"{what} ({len(found)}): {list(found)[:SHOWN]}"
