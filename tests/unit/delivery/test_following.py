"""Whom a change of a customer concerns, of the ids that somebody asked for."""

from __future__ import annotations

import pytest

from delivery.change import CustomerChangeKind
from delivery.following import Concerned, Following
from tests.support.changes import make_customer_change

Told = tuple[CustomerChangeKind, str, str | None]


def follow(paths: list[list[str]], *told: Told) -> list[tuple[str, str | None] | None]:
    """What is heard of each change: the asked id and the other."""
    following = Following({path[0]: path for path in paths})
    heard: list[tuple[str, str | None] | None] = []
    for kind, customer, other in told:
        one: Concerned | None = following.take(make_customer_change(0, kind, customer=customer, other=other))
        heard.append(None if one is None else (one.asked, one.other))
    return heard


MERGED_AS: Told = ("MERGED", "a", "s")
BACK: Told = ("SPLIT", "s", "a")
NEXT: Told = ("MERGED", "x", "s")


@pytest.mark.parametrize(
    ("case", "paths", "told", "heard"),
    [
        ("both sides hear of a merge: the retired id", [["a"]], [MERGED_AS], [("a", "s")]),
        ("both sides hear of a merge: the survivor", [["s"]], [MERGED_AS], [("s", "a")]),
        ("nobody else does", [["b"]], [MERGED_AS], [None]),
        ("who asked for both hears of it once", [["a"], ["s"]], [MERGED_AS], [("a", "s")]),
        ("after a merge the retired id is the survivor", [["a"]], [MERGED_AS, NEXT], [("a", "s"), ("a", "x")]),
        ("until it comes back", [["a"]], [MERGED_AS, BACK, NEXT], [("a", "s"), ("a", "s"), None]),
        ("both sides hear of a split", [["s"], ["z"]], [("SPLIT", "s", "n")], [("s", "n")]),
        ("who was merged goes on with the survivor after a split", [["a", "s"]], [("SPLIT", "s", "n")], [("a", "n")]),
        ("a new id that was split off is somebody else", [["s"]], [("SPLIT", "s", "n"), ("MERGED", "n", "q")], None),
        ("an erasure is heard by who was merged", [["a", "s"]], [("ERASED", "s", None)], [("a", None)]),
        ("nobody, and somebody again", [["a"]], [("MERGED", "a", None), ("SPLIT", "a", None)], [("a", None)] * 2),
        (
            "one that is merged twice comes back with whoever it was merged into first",
            [["a"]],
            [MERGED_AS, ("MERGED", "s", "t"), ("SPLIT", "t", "s"), ("MERGED", "t", "q"), NEXT],
            [("a", "s"), ("a", "t"), ("a", "t"), None, ("a", "x")],
        ),
        (
            "a log behind the present changes nothing that is known",
            [["a", "r", "s"]],
            [("MERGED", "a", "r"), ("SPLIT", "r", "n"), ("MERGED", "r", "s"), NEXT],
            [("a", "r"), ("a", "n"), ("a", "s"), ("a", "x")],
        ),
        ("a merge that was undone since is followed there and back", [["a"]], [MERGED_AS, NEXT, BACK, NEXT], None),
    ],
)
def test_an_id_is_followed(
    case: str, paths: list[list[str]], told: list[Told], heard: list[tuple[str, str | None] | None] | None
) -> None:
    expected = (
        heard
        or {
            "a new id that was split off is somebody else": [("s", "n"), None],
            "a merge that was undone since is followed there and back": [("a", "s"), ("a", "x"), ("a", "s"), None],
        }[case]
    )
    assert follow(paths, *told) == expected
