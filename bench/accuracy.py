"""Customers against the truth of a stream: pairs of identifiers and events, and why what is wrong is wrong.

A pair is two identifiers of one person that calls named, of any class. What is of nobody alone (kiosks, tablets, typing
errors) is in no pair; placeholders are no identifiers. Pairs are counted from the sizes of groups, never listed.

Run: `.venv/bin/python -m bench.accuracy [persons] [seed]`. No services needed; four minutes for 100,000 persons.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from bench.misses import Explainer, Facts, Tally
from bench.resolving import Resolved, resolve_all
from bench.streams.records import Record, Truth
from bench.streams.stream import Stream

NOBODYS = "a stranger's at a kiosk, given to a person"
PERSONS = 5_000


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What was right, and what was not.

    Args:
        true_pairs: of one person.
        shown_pairs: those of them that the person's own calls connect, by way of what is this person's alone. Of the
            others no call says that they are one person's.
        found_pairs: in one customer, of whomever.
        right_pairs, right_shown_pairs: of those pairs, the ones in one customer.
        events: of known persons, repetitions not counted.
        right_events: given to a customer of whose identifiers more are this person's than anybody else's.
        missed: pairs of one person in two customers, by kind.
        wrong: pairs of two persons in one customer, by kind.
        misattributed: events by kind; strangers' are not among `events`.
    """

    persons: int
    customers: int
    identifiers: int
    true_pairs: int
    shown_pairs: int
    found_pairs: int
    right_pairs: int
    right_shown_pairs: int
    events: int
    right_events: int
    missed: Mapping[str, Tally]
    wrong: Mapping[str, Tally]
    misattributed: Mapping[str, Tally]

    @property
    def precision(self) -> float:
        """Of the pairs in one customer, how many are of one person."""
        return _share(self.right_pairs, self.found_pairs)

    @property
    def recall(self) -> float:
        """Of the pairs of one person, how many are in one customer."""
        return _share(self.right_pairs, self.true_pairs)

    @property
    def recall_of_shown(self) -> float:
        """The same among the pairs that calls connect."""
        return _share(self.right_shown_pairs, self.shown_pairs)

    @property
    def attribution(self) -> float:
        """Of the events of known persons, how many went to their person's customer."""
        return _share(self.right_events, self.events)


def evaluate(records: Iterable[Record], truth: Truth, resolved: Resolved) -> Accuracy:
    """Compare customers with the truth.

    Args:
        records: what `resolved` was made of.
    """
    facts = Facts(records, truth)
    by_person: dict[int, Counter[int]] = defaultdict(Counter)
    by_customer: dict[int, Counter[int]] = defaultdict(Counter)
    shown: dict[str, Counter[int]] = defaultdict(Counter)
    for uid, person in facts.owners.items():
        customer = resolved.customer_of[uid]
        by_person[person][customer] += 1
        by_customer[customer][person] += 1
        shown[facts.root(uid)][customer] += 1
    explainer = Explainer(facts, resolved, by_person, by_customer)
    misattributed = _misattributed(facts, explainer, by_customer, resolved)
    events = sum(event.person is not None for event in facts.events)
    lost = sum(tally.cost for kind, tally in misattributed.items() if kind != NOBODYS)
    return Accuracy(
        persons=len(by_person),
        customers=len(by_customer),
        identifiers=len(facts.owners),
        true_pairs=_pairs_of_groups(by_person),
        shown_pairs=_pairs_of_groups(shown),
        found_pairs=_pairs_of_groups(by_customer),
        right_pairs=_pairs_of_cells(by_person),
        right_shown_pairs=_pairs_of_cells(shown),
        events=events,
        right_events=events - lost,
        missed=explainer.missed(),
        wrong=explainer.wrong(),
        misattributed=misattributed,
    )


def _misattributed(
    facts: Facts, explainer: Explainer, by_customer: Mapping[int, Counter[int]], resolved: Resolved
) -> dict[str, Tally]:
    most = {customer: min(found, key=lambda one: (-found[one], one)) for customer, found in by_customer.items()}
    wrong: dict[str, Tally] = defaultdict(Tally)
    for event in facts.events:
        customer = resolved.attributed[event.message_id]
        if most.get(customer) != event.person:
            wrong[NOBODYS if event.person is None else explainer.misattributed(event, customer)].add(1)
    return dict(wrong)


def _pairs_of_groups(table: Mapping[int, Counter[int]] | Mapping[str, Counter[int]]) -> int:
    return sum(_pairs(row.total()) for row in table.values())


def _pairs_of_cells(table: Mapping[int, Counter[int]] | Mapping[str, Counter[int]]) -> int:
    return sum(_pairs(count) for row in table.values() for count in row.values())


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def measure_stream(stream: Stream) -> Accuracy:
    """Generate a stream, resolve it in the order of its arrival and compare."""
    generated = stream.generate()
    return evaluate(generated.records, generated.truth, resolve_all(stream.delivered(generated.records)))


def explained(accuracy: Accuracy) -> dict[str, object]:
    """Everything as plain data: counts, shares, and kinds of misses with the costliest first."""
    kinds = {
        name: {kind: asdict(tally) for kind, tally in sorted(tallies.items(), key=lambda one: (-one[1].cost, one[0]))}
        for name, tallies in (
            ("missed_pairs", accuracy.missed),
            ("wrong_pairs", accuracy.wrong),
            ("misattributed_events", accuracy.misattributed),
        )
    }
    shares = ("precision", "recall", "recall_of_shown", "attribution")
    counts = ("persons", "customers", "identifiers", "true_pairs", "shown_pairs", "found_pairs", "events")
    return {name: getattr(accuracy, name) for name in (*shares, *counts)} | kinds


def main() -> None:
    """Prints everything that was measured of one stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("persons", nargs="?", type=int, default=PERSONS)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    chosen = parser.parse_args()
    started_s = time.perf_counter()
    for name, found in explained(measure_stream(Stream(chosen.persons, chosen.seed))).items():
        if isinstance(found, dict):
            print(name)
            for kind, tally in found.items():
                print(f"  {kind:60} {tally['cases']:>8} cases {tally['cost']:>10}")
        else:
            print(f"{name:20} {found:.5f}" if isinstance(found, float) else f"{name:20} {found}")
    print(f"{'seconds':20} {time.perf_counter() - started_s:.1f}")


if __name__ == "__main__":
    main()
