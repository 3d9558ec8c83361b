"""Who has a value of an attribute."""

from __future__ import annotations

from analytics.query.looking_up import customers_with
from base import clock
from workers.projection.answers.answering import REACH_S, Answering, run


async def find_customers(answering: Answering, attribute: str, texts: list[str]) -> dict[str, object]:
    """(text, customer) of everybody whose value of an attribute is one of the texts."""
    await answering.owner.reach(clock.now_ms(), REACH_S)
    store = answering.owner.store()
    found = await run(answering.owner, store, lambda reader: customers_with(reader, store.layout, attribute, texts))
    return {"found": found}
