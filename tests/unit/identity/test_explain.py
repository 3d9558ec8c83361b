"""Why two identifiers are one customer, and why not, on worked cases."""

from __future__ import annotations

import pytest

from graph.identity.evidence import CannotLink, Decided, MustLink
from graph.identity.explain import explain, find_bridges
from graph.identity.sides import Rejection
from tests.unit.identity.evidence import resolved, seen


def test_two_devices_of_one_member() -> None:
    found = explain(resolved([seen("d1 M"), seen("d2 M", 2)]), "d1", "d2")
    assert found.together
    assert [(start, end) for start, end, _ in found.hops] == [("d1", "M"), ("M", "d2")]
    assert [link.evidence for link in found.path] == [("d1 M",), ("d2 M",)]
    assert found.bridges == {("M", "d1"), ("M", "d2")}


def test_in_a_circle_no_link_is_a_bridge() -> None:
    resolution = resolved([seen("M p"), seen("p e"), seen("M e"), seen("M c")])
    assert find_bridges(resolution.links) == {("M", "c")}
    assert explain(resolution, "p", "e").bridges == frozenset()


def test_a_cut_link_names_its_reason_and_the_pair() -> None:
    found = explain(resolved([seen("M1 e", 1), seen("M2 e", 2)]), "M1", "e")
    assert not found.together
    assert [(link.rejected, link.blocking) for link in found.rejected] == [(Rejection.LIMIT, ("M1", "M2"))]
    assert not found.bridges


def test_the_way_with_the_fewest_cut_links_is_shown() -> None:
    sets = [seen("M1 d", 1), seen("M2 d", 2), seen("M2 e", 1), seen("M1 p", 1), seen("p d", 1)]
    found = explain(resolved(sets), "e", "p")
    assert len(found.rejected) == 1
    assert [end for _, end, _ in found.hops][-1] == "p"


def test_decisions_are_links_too() -> None:
    joined = explain(resolved([], decided=Decided(must=(MustLink("decision", "M", "e"),))), "M", "e")
    assert [(link.decision, link.rejected) for link in joined.path] == [("decision", None)]
    apart = Decided(cannot=(CannotLink("decision", frozenset("M"), frozenset("e")),))
    cut = explain(resolved([seen("M e")], decided=apart), "M", "e")
    assert [link.rejected for link in cut.rejected] == [Rejection.CANNOT_LINK]


def test_a_shared_identifier_has_no_links() -> None:
    found = explain(resolved([seen(f"M{number} d", number) for number in range(1, 5)]), "M1", "d")
    assert (found.together, found.hops, found.shared) == (False, (), {"d"})


def test_the_same_and_the_unconnected_have_no_way() -> None:
    resolution = resolved([seen("M1 c1"), seen("M2 c2")])
    assert explain(resolution, "M1", "M1").together
    assert explain(resolution, "M1", "M1").hops == ()
    assert explain(resolution, "M1", "c2").hops == ()
    with pytest.raises(KeyError):
        explain(resolution, "M1", "nobody")


def test_a_long_chain_needs_no_deep_stack() -> None:
    sets = [seen(f"d{number} c{number}") for number in range(5_000)]
    sets += [seen(f"c{number} d{number + 1}") for number in range(4_999)]
    resolution = resolved(sets)
    found = explain(resolution, "d0", "c4999")
    assert len(found.hops) == len(found.bridges) == 9_999
