"""Customers who have bought things, as many as their number says."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.builders import make_track
from tests.support.line import Line


async def buy(line: Line, numbers: Sequence[int], round: str = "") -> None:
    """The n-th buys n times, up to three different items; each round is other calls."""
    items = ("shoe", 7, True)
    await line.apply(
        *(
            make_track(
                "Bought",
                user_id=f"user-{n}",
                messageId=f"b-{n}-{turn}{round}",
                properties={"price": n, "item": items[turn % (1 + n % 3)]},
            )
            for n in numbers
            for turn in range(n)
        )
    )
