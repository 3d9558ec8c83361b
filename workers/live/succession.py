"""What becomes of the tags of customers who are merged, come apart again, or are somebody again. Pure.

Tags that are computed whenever something changes follow from the facts and need nothing here. Labels, which people put
on customers, are joined in a merge and go back when it is undone; what is computed by builds alone, or kept without a
reason, is taken over by a survivor that has no value of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.needs import tag_name
from rules.tags.stages import MoveReason
from workers.identity.outcome import Identified
from workers.live.catalogue import Catalogue
from workers.live.evaluation import TagFlip, put_tag
from workers.live.state import CustomerState, Mark, Tagged


def labelled(marks: Iterable[Mark], at_ms: int, version: int) -> Tagged:
    """The value of a tag with these labels on a customer; of several marks of one label all are kept."""
    ordered = tuple(sorted(set(marks), key=lambda mark: (mark.label, mark.at_ms, mark.author, mark.by_way_of)))
    labels = sorted({mark.label for mark in ordered})
    return Tagged([*labels] if labels else None, at_ms, version, ordered)


def hand_over_tags(
    catalogue: Catalogue,
    identified: Identified,
    states: Mapping[str, CustomerState],
    retired: Mapping[str, CustomerState],
    now_ms: int,
) -> list[TagFlip]:
    """Let tags follow who is who; changes `states` accordingly.

    Args:
        states: of living customers whose facts are others now.
        retired: of customers who are somebody else now, or nobody, with the tags that they had.
    """
    flips: list[TagFlip] = []
    for turn in identified.turns:
        if turn.kind != "SPLIT":
            continue
        if turn.other is None:
            flips += _restore(catalogue, states[turn.customer], now_ms)
        elif turn.other in identified.returned:
            before = states.get(turn.customer) or retired[turn.customer]
            flips += _give_back(catalogue, before, states[turn.other], now_ms)
    for gone, survivor in sorted(identified.retired.items()):
        if survivor is not None:
            flips += _inherit(catalogue, retired[gone], states[survivor], now_ms)
    return flips


def _inherit(catalogue: Catalogue, gone: CustomerState, survivor: CustomerState, now_ms: int) -> list[TagFlip]:
    flips: list[TagFlip] = []
    for key, theirs in sorted(gone.tagged.items()):
        own = survivor.tagged.get(key)
        if theirs.value is None:
            continue
        if key in catalogue.labels:
            marks = [Mark(one.label, one.author, one.at_ms, (*one.by_way_of, gone.id)) for one in theirs.marks]
            joined = labelled([*marks, *(own.marks if own else ())], _after(own, now_ms), theirs.version)
            flips.append(put_tag(survivor, key, joined))
        elif (own is None or own.value is None) and _stays(catalogue, key):
            why = MoveReason.IDENTITY if key in catalogue.stages else None
            flips.append(put_tag(survivor, key, Tagged(theirs.value, _after(own, now_ms), theirs.version), why))
    return flips


def _give_back(catalogue: Catalogue, old: CustomerState, back: CustomerState, now_ms: int) -> list[TagFlip]:
    """Labels that a returned customer had, or whoever had been merged into it before."""
    flips: list[TagFlip] = []
    for key in sorted(catalogue.labels & (old.tagged.keys() | back.tagged.keys())):
        theirs, own = old.tagged.get(key), back.tagged.get(key)
        marks = theirs.marks if theirs is not None and theirs.value is not None else ()
        moved = [
            Mark(one.label, one.author, one.at_ms, one.by_way_of[: one.by_way_of.index(back.id)])
            for one in marks
            if back.id in one.by_way_of
        ]
        version = 1 if theirs is None else theirs.version
        if moved or (own is not None and own.marks):
            # What it had when it was merged away is no longer true: labels may have been taken off since.
            flips.append(put_tag(back, key, labelled(moved, _after(own, now_ms), version)))
        if moved:
            left = [one for one in marks if back.id not in one.by_way_of]
            flips.append(put_tag(old, key, labelled(left, _after(theirs, now_ms), version)))
    return flips


def _restore(catalogue: Catalogue, back: CustomerState, now_ms: int) -> list[TagFlip]:
    """Labels of somebody who was nobody meanwhile."""
    return [
        put_tag(back, key, labelled(known.marks, _after(known, now_ms), known.version))
        for key, known in sorted(back.tagged.items())
        if known.marks and key in catalogue.labels
    ]


def _stays(catalogue: Catalogue, key: str) -> bool:
    """Whether a value is not simply computed anew."""
    rule = catalogue.rules.get(tag_name(key))
    return rule is None or rule.tag is None or rule.tag.keep_old or not rule.tag.on_events


def _after(known: Tagged | None, now_ms: int) -> int:
    return now_ms if known is None else max(now_ms, known.at)
