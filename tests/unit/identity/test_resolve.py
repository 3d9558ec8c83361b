"""`resolve` on the worked cases: what is given, which customers follow, in every order of the evidence."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from graph.identity.evidence import CannotLink, Decided, MustLink, SeenTogether, strongest
from graph.identity.policy import DEFAULT, Conflict, IdentifierClass, IdentityPolicy, NamespacePolicy
from graph.identity.resolve import find_shared, resolve
from graph.identity.sides import DAY_MS, Rejection
from tests.unit.identity.evidence import groups, namespace_of, resolved, seen

# Claim → (evidence, the customers).
CASES: dict[str, tuple[list[SeenTogether], set[str]]] = {
    # Worked cases.
    "a cookie that becomes a member": ([seen("c M")], {"M c"}),
    "two devices of one member": ([seen("d1 M"), seen("d2 M", 2)], {"M d1 d2"}),
    "a shared tablet is with its last member": ([seen("M1 d", 1), seen("M2 d", 2)], {"M1", "M2 d"}),
    "and with the first again": ([seen("M1 d", 1, last=4), seen("M2 d", 2)], {"M1 d", "M2"}),
    "an e-mail of two members goes to the newest": ([seen("M1 e", 1), seen("M2 e", 2)], {"M1", "M2 e"}),
    "members who share a phone with too many": (
        [seen("M1 p c1", 1), seen("M2 p c2", 2), seen("M3 p c3", 3)],
        {"M1 c1", "M2 c2", "M3 c3", "p"},
    ),
    "the same identifier twice is no evidence": ([seen("M"), seen("M", 2)], {"M"}),
    "two e-mails on one device, no member": ([seen("e1 d", 1), seen("e2 d", 2)], {"e1", "d e2"}),
    "a phone that changes hands": ([seen("M1 p", 1), seen("M2 p", 9)], {"M1", "M2 p"}),
    "openids of two apps, joined by a union id": (
        [seen("oA1 u"), seen("oB1 u", 2), seen("oB1 M", 3)],
        {"M oA1 oB1 u"},
    ),
    "64 writers of one phone": ([seen(f"p e{n}", n) for n in (1, 2, 3, 4)], {"e1 e2 e3 e4 p"}),
    # Strength before recency.
    "strength before recency": ([seen("C1 e", 1), seen("d e", 2), seen("C2 d", 3)], {"C1 e", "C2 d"}),
    "a member's newest device counts, not its strongest mail": (
        [seen("M1 e", 1), seen("M2 d", 2), seen("e d", 3)],
        {"M1 e", "M2 d"},
    ),
    "a pair is as new as its newest evidence of one strength": (
        [seen("M1 e", 1), seen("M2 e", 3), seen("M1 e c", 5)],
        {"M1 c e", "M2"},
    ),
    # Limits.
    "one member a customer": ([seen("M1 u", 1), seen("M2 u", 2)], {"M1", "M2 u"}),
    "one number a customer and CRM": ([seen("C1 M", 1), seen("C2 M", 2)], {"C1", "C2 M"}),
    "numbers of two CRMs": ([seen("C1 M", 1), seen("K1 M", 2)], {"C1 K1 M"}),
    "one union id a customer": ([seen("u1 M", 1), seen("u2 M", 2)], {"M u2", "u1"}),
    "two phones a customer, the newest": ([seen(f"M p{n}", n) for n in (1, 2, 3)], {"M p2 p3", "p1"}),
    "five e-mails a customer, the newest": (
        [seen(f"M e{n}", n) for n in range(1, 7)],
        {"M e2 e3 e4 e5 e6", "e1"},
    ),
    "one openid a customer and app": ([seen("oA1 M", 1), seen("oA2 M", 2), seen("oB1 M", 1)], {"M oA2 oB1", "oA1"}),
    "any number of devices": ([seen(f"M d{n} c{n}", n) for n in range(4)], {"M d0 d1 d2 d3 c0 c1 c2 c3"}),
    "equal times: the smaller pair": ([seen("M1 e", 1), seen("M2 e", 1)], {"M1 e", "M2"}),
    # Devices and contacts bridge nobody.
    "a device joins no two persons": ([seen("M d", 1), seen("e d", 2)], {"M d", "e"}),
    "a device joins no two persons of kinds that go together": ([seen("M d", 1), seen("u d", 2)], {"M d", "u"}),
    "a chain of devices joins no two persons": ([seen("M d1", 1), seen("e d2", 2), seen("d1 d2", 3)], {"M d1", "d2 e"}),
    "a device joins an account to a person": ([seen("M d", 1), seen("oA1 d", 2)], {"M d oA1"}),
    "devices alone": ([seen("d1 c1", 1), seen("d1 c2", 2)], {"c1 c2 d1"}),
    "persons joined by a call that has a device too": ([seen("M e d")], {"M d e"}),
    "an unknown namespace joins no two persons": ([seen("M x", 1), seen("e x", 2)], {"M x", "e"}),
    # What the call does not vouch for.
    "an unverified e-mail attaches": ([seen("M e?")], {"M e"}),
    "an unverified e-mail joins no two persons": ([seen("M1 e?", 1), seen("C1 e?", 2)], {"C1", "M1 e"}),
    "an unverified e-mail that is somebody's": ([seen("M1 e", 1), seen("M2 e?", 2)], {"M1 e", "M2"}),
    "an e-mail vouched for elsewhere is a person": ([seen("e c1", 1), seen("M e? c2", 2)], {"c1 e", "M c2"}),
    "the best evidence of a pair decides": ([seen("M e?", 1), seen("M e", 2)], {"M e"}),
    # Shared.
    "a kiosk with three members is with the last": (
        [seen(f"M{n} d", n) for n in (1, 2, 3)],
        {"M1", "M2", "M3 d"},
    ),
    "a kiosk with four members is nobody's": (
        [seen(f"M{n} d", n) for n in (1, 2, 3, 4)],
        {"M1", "M2", "M3", "M4", "d"},
    ),
    "three members and three numbers share nothing": (
        [seen(f"M{n} C{n} d", n) for n in (1, 2, 3)],
        {"C1 M1", "C2 M2", "C3 M3 d"},
    ),
    "a shared centre leaves the rest joined": (
        [seen("M1 p", 1), seen("M2 p", 2), seen("M3 p", 3), seen("p e c", 4)],
        {"M1", "M2", "M3", "p", "c e"},
    ),
    "a member is never shared": (
        [seen(f"M oA{n}", n) for n in range(1, 8)],
        {"M oA7", *(f"oA{n}" for n in range(1, 7))},
    ),
}


@pytest.mark.parametrize("claim", CASES)
def test_case(claim: str) -> None:
    evidence, customers = CASES[claim]
    chance = random.Random(claim)
    orders = list(itertools.permutations(evidence)) if len(evidence) < 5 else [chance.sample(evidence, len(evidence))]
    for order in orders:
        assert groups(order) == {" ".join(sorted(names.split())) for names in customers}


def test_a_blocked_identifier_gives_the_customers_of_a_world_without_it() -> None:
    joined = [seen("C1 x", 1), seen("oA1 C1", 1), seen("oB1 e", 2), seen("C1 e", 3)]
    assert groups(joined, leave_out=["e"]) == {"C1 oA1 x", "oB1"}


def test_without_the_call_that_joined_them_two_customers_are_two_again() -> None:
    """What undoing a call comes to: the same evidence without it."""
    before, after = [seen("M e", 1), seen("p c1", 2)], [seen("p c2", 4), seen("M d", 5)]
    joining = seen("e p", 3)
    assert groups([*before, joining, *after]) == {"M c1 c2 d e p"}
    assert groups(before + after) == {"M d e", "c1 c2 p"}


def test_a_rejected_link_names_its_reason_and_the_pair() -> None:
    (kept, cut) = sorted(resolved([seen("M1 e", 1), seen("M2 e", 2)]).links, key=lambda link: link.rejected is not None)
    assert (kept.a, kept.b, kept.rejected, kept.blocking) == ("M2", "e", None, None)
    assert (cut.a, cut.b, cut.rejected, cut.blocking) == ("M1", "e", Rejection.LIMIT, ("M1", "M2"))


def test_a_cut_bridge_names_the_persons_on_its_sides() -> None:
    links = {(link.a, link.b): link for link in resolved([seen("C1 e", 1), seen("d e", 2), seen("C2 d", 3)]).links}
    assert links["d", "e"].rejected is Rejection.NO_BRIDGE
    assert links["d", "e"].blocking == ("C1", "C2")


def test_a_link_tells_all_its_evidence() -> None:
    (link,) = resolved([seen("M e", 3, last=7), replace(seen("M e?", 1, last=2), key="form")]).links
    assert (link.first_at, link.last_at, link.count, link.evidence) == (1, 7, 2, ("M e", "form"))


def test_a_weaker_repeat_does_not_make_a_link_newer() -> None:
    """The typed-in form of yesterday does not take the e-mail back from who has confirmed it since."""
    assert groups([seen("M1 e", 1), seen("M2 e", 2), seen("M1 e?", 9)]) == {"M1", "M2 e"}


def test_members_outside_the_component_are_ignored() -> None:
    names = {"M": "user_id", "d": "device_id"}
    assert resolve(names, [seen("M d e")], DEFAULT).groups == (frozenset(["M", "d"]),)


def test_what_is_shared_already_stays_aside() -> None:
    names = {"M": "user_id", "d": "device_id", "c": "anonymous_id"}
    found = resolve(names, [seen("M d"), seen("d c")], DEFAULT, already_shared=frozenset(["d", "elsewhere"]))
    assert found.groups == (frozenset(["M"]), frozenset(["c"]), frozenset(["d"]))
    assert found.shared == {"d"}


def test_nothing_gives_nothing() -> None:
    assert resolve({}, [], DEFAULT).groups == ()


@pytest.mark.parametrize(
    ("name", "partners", "shared"),
    [
        ("d", ["M1", "M2", "M3"], False),
        ("d", ["M1", "M2", "M3", "M4"], True),
        ("c", ["C1", "C2", "C3", "C4"], True),
        ("p", ["M1", "M2"], False),
        ("p", ["M1", "M2", "M3"], True),
        ("e", ["oA1", "oA2", "oA3"], True),
        ("e", ["oA1", "oB2", "M3"], False),
        ("d", ["p1", "p2", "p3", "p4"], False),
        ("M", ["C1", "C2", "C3", "C4", "C5"], False),
        ("oA1", ["M1", "M2", "M3", "M4", "M5"], False),
    ],
)
def test_shared_above(name: str, partners: list[str], shared: bool) -> None:
    sets = [seen(f"{name} {partner}", at) for at, partner in enumerate(partners)]
    names = {one: namespace_of(one) for one in [name, *partners]}
    assert (name in find_shared(names, sets, DEFAULT)) is shared


def test_the_centre_is_the_strongest_and_then_the_smallest() -> None:
    names = {one: namespace_of(one) for one in ("e", "p1", "p2")}
    assert strongest({"e": True, "p2": True, "p1": True}, names, DEFAULT) == "p1"
    assert strongest({"e": True, "p1": False}, names, DEFAULT) == "e"


def must(a: str, b: str) -> Decided:
    return Decided(must=(MustLink("decision-1", a, b),))


def cannot(left: str, right: str) -> Decided:
    return Decided(cannot=(CannotLink("decision-2", frozenset(left.split()), frozenset(right.split())),))


DECIDED: dict[str, tuple[list[SeenTogether], Decided, set[str]]] = {
    "joined without evidence": ([seen("M c"), seen("e d")], must("M", "e"), {"M c d e"}),
    "two members of one person, whatever the limit": ([seen("M1 c"), seen("M2 d")], must("M1", "M2"), {"M1 M2 c d"}),
    "the limit holds for everybody else": (
        [seen("M1 e", 1), seen("M2 d", 1), seen("M3 e", 0)],
        must("M1", "M2"),
        {"M1 M2 d e", "M3"},
    ),
    "a device that somebody gave to a person stays with it": (
        [seen("M1 d", 1), seen("M2 d", 2)],
        must("M1", "d"),
        {"M1 d", "M2"},
    ),
    "taken apart": ([seen("M e")], cannot("M", "e"), {"M", "e"}),
    "taken apart, whichever way they might be joined": (
        [seen("M p"), seen("p e"), seen("e oA1"), seen("oA1 M")],
        cannot("M", "e"),
        {"M oA1 p", "e"},
    ),
    "taken apart from several": ([seen("M p e c")], cannot("e", "M p"), {"M c p", "e"}),
    "apart beats together": (
        [seen("M c")],
        Decided(must=must("M", "e").must, cannot=cannot("M", "e").cannot),
        {"M c", "e"},
    ),
    "joined to a shared device: nothing": (
        [seen(f"M{n} d", n) for n in (1, 2, 3, 4)],
        must("M1", "d"),
        {"M1", "M2", "M3", "M4", "d"},
    ),
}


@pytest.mark.parametrize("claim", DECIDED)
def test_decided(claim: str) -> None:
    evidence, decided, customers = DECIDED[claim]
    assert groups(evidence, decided=decided) == {" ".join(sorted(names.split())) for names in customers}


def test_a_link_that_somebody_cut_names_what_was_kept_apart() -> None:
    (link,) = resolved([seen("M e")], decided=cannot("M", "e")).links
    assert (link.rejected, link.blocking) == (Rejection.CANNOT_LINK, ("M", "e"))


def test_a_link_that_somebody_made_names_the_decision() -> None:
    (link,) = resolved([], decided=must("M", "e")).links
    assert (link.rejected, link.decision, link.evidence) == (None, "decision-1", ())


def test_a_limit_with_a_window_counts_what_was_seen_within_it() -> None:
    two_a_month = NamespacePolicy(IdentifierClass.DEVICE, 8, 2, None, Conflict.NEWEST, window_days=30)
    policy = IdentityPolicy(2, {**DEFAULT.namespaces, "device_id": two_a_month}, DEFAULT.unverified, DEFAULT.unknown)
    sets = [seen("M d1", 1), seen("M d2", 2), seen("M d3", 20 * DAY_MS), seen("M d4", 40 * DAY_MS)]
    names = {name: namespace_of(name) for name in ("M", "d1", "d2", "d3", "d4")}
    assert {" ".join(sorted(group)) for group in resolve(names, sets, policy).groups} == {"M d2 d3 d4", "d1"}
