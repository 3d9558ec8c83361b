"""Which rules a change touches, for every kind of condition."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from graph.repositories.live import StoredRule, StoredTag
from workers.live.catalogue import SINCE_EVER_MS, Catalogue, build

NOW_MS = 1_800_000_000_000
ADDED, BOUGHT = {"event": "Added"}, {"event": "Bought", "not": True}
REMOVED = {"event": "Removed", "where": [{"name": "price.net", "op": "GT", "values": [1]}]}
WINDOWS = {"window": {"last": "P9D"}, "recent": {"last": "P1D"}}
RULES: dict[str, dict[str, object]] = {
    "sequence": {"sequence": {"steps": [ADDED, BOUGHT, REMOVED], "within": "PT1H", "window": {"last": "P1D"}}},
    "stopped": {"habit": {"kind": "STOPPED", "name": "Added", **WINDOWS}},
    "restarted": {"habit": {"kind": "RESTARTED", "name": "Removed", **WINDOWS}},
    "tagged": {"tag": {"key": "tier", "op": "IN", "values": ["gold"]}},
    "untagged": {"not": {"tag": {"key": "tier", "op": "SET"}}},
    "of-tagged": {"segment": "tagged"},
}


def catalogue() -> Catalogue:
    stored = [StoredRule(key, 1, json.dumps(rule), "LIVE") for key, rule in RULES.items()]
    return build(1, stored, ZoneInfo("UTC"), NOW_MS)


def test_every_event_of_a_sequence_touches_it_what_must_not_happen_included() -> None:
    known = catalogue()
    assert known.touched_by(["Added"], [], False) == {"sequence", "stopped"}
    assert known.touched_by(["Bought"], [], False) == {"sequence"}
    assert known.touched_by(["Removed"], [], False) == {"sequence", "restarted"}
    assert known.with_properties == {"Removed": {"price.net", "price"}}


def test_a_tag_touches_the_rules_that_name_it_and_those_that_read_them() -> None:
    known = catalogue()
    assert known.with_related({"tag:tier"}) - {"tag:tier"} == {"tagged", "untagged", "of-tagged"}
    assert known.with_related({"tag:other"}) == {"tag:other"}


def test_who_is_new_is_looked_at_by_rules_that_hold_for_those_without_anything() -> None:
    assert set(catalogue().at_creation) == {"untagged"}


def test_events_are_loaded_as_far_back_as_the_farthest_look() -> None:
    day_ms = 86_400_000
    assert catalogue().since(NOW_MS) == {
        "Added": NOW_MS - 9 * day_ms,
        "Bought": NOW_MS - day_ms,
        "Removed": SINCE_EVER_MS,
    }


def test_what_is_computed_of_everybody_at_once_is_no_part_of_it_while_it_is_built() -> None:
    spent = {"name": "Bought", "measure": {"kind": "SUM", "property": "total"}}
    ranked = json.dumps({"rfm": {"event": spent, "scores": True}})
    tags = [
        StoredTag("tier", 1, ranked, "RFM", None, keep_old=False, on_events=False, building=True),
        StoredTag("spent", 1, json.dumps({"statistical": {"event": spent}}), "STATISTICAL", None, False, True, False),
    ]
    known = build(1, [StoredRule("s", 1, json.dumps(RULES["tagged"]), "LIVE")], ZoneInfo("UTC"), NOW_MS, tags)
    assert set(known.rules) == {"s", "tag:spent"}
    assert known.has_tags
    assert known.with_related({"tag:tier"}) - {"tag:tier"} == {"s"}
