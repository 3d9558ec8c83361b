"""Explanations over random streams: ways lead where they say, bridges are what holds a customer together."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings

from graph.identity.explain import explain, find_bridges
from graph.identity.policy import DEFAULT
from graph.identity.resolve import Link, resolve
from tests.property.identity.streams import STREAMS, Sighting, evidence_of, namespaces_of

many = settings(max_examples=150, deadline=None, database=None)


def reached(start: str, links: Iterable[Link]) -> set[str]:
    """Everything connected to an identifier."""
    found, grew = {start}, True
    links = list(links)
    while grew:
        more = {uid for link in links if {link.a, link.b} & found for uid in (link.a, link.b)} - found
        found |= more
        grew = bool(more)
    return found


@many
@given(STREAMS)
def test_a_way_leads_from_one_to_the_other(stream: list[Sighting]) -> None:
    resolution = resolve(namespaces_of(stream), evidence_of(stream), DEFAULT)
    group_of = {uid: group for group in resolution.groups for uid in group}
    uids = sorted(group_of)
    for a, b in zip(uids, uids[1:] + uids[:1], strict=True):
        found = explain(resolution, a, b)
        assert found.together == (group_of[a] is group_of[b])
        connected = b in reached(a, resolution.links)
        assert bool(found.hops) == (connected and a != b)
        at = a
        for start, end, link in found.hops:
            assert start == at
            assert {start, end} == {link.a, link.b}
            at = end
        assert at == (b if found.hops else a)
        if found.together:
            assert not found.rejected
        elif found.hops:
            assert found.rejected
            assert all(link.blocking for link in found.rejected)


@many
@given(STREAMS)
def test_a_bridge_is_what_holds_a_customer_together(stream: list[Sighting]) -> None:
    resolution = resolve(namespaces_of(stream), evidence_of(stream), DEFAULT)
    accepted = [link for link in resolution.links if link.rejected is None]
    bridges = find_bridges(resolution.links)
    for link in accepted:
        without = [one for one in accepted if one is not link]
        assert (link.b not in reached(link.a, without)) == ((link.a, link.b) in bridges)
