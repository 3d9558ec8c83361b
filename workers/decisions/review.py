"""Accepting and dismissing items of the review list: ordinary decisions, which `undo` takes back."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from base.errors import BadInput, NotFound
from graph.client import GraphClient
from graph.repositories.review import OPEN, ReviewItem, ReviewKind, ReviewRepository
from workers.decisions.desk import Desk, NamedIdentifier
from workers.decisions.effect import Effect
from workers.decisions.execution import Said


class ReviewDesk:
    """Decides about items by way of the desk; one a process."""

    def __init__(self, graph: GraphClient, desk: Desk):
        self._repository = ReviewRepository(graph)
        self._desk = desk

    async def accept(self, item_id: str, said: Said) -> Effect:
        """Do what the item suggests: join two customers, or block an identifier that is nobody's.

        Raises:
            NotFound: no such item, or its cause is gone.
            BadInput: it is not open, suggests nothing, or what it suggests cannot be.
        """
        item = await self._open(item_id)
        said = replace(said, review=item.id)
        match item.kind:
            case ReviewKind.REJECTED_LINK:
                return await self._desk.merge(item.customers[0], item.customers[1], said)
            case ReviewKind.SHARED_IDENTIFIER:
                return await self._desk.block(NamedIdentifier(*item.identifiers[0]), said)
            case ReviewKind.NEAR_LIMIT | ReviewKind.LARGE_CUSTOMER:
                raise BadInput(
                    "There is nothing to accept in this item.",
                    hint="Split or merge the customer where it is wrong; dismiss the item where it is right.",
                    field="id",
                )
            case _:
                assert_never(item.kind)

    async def dismiss(self, item_id: str, said: Said) -> Effect:
        """Leave things as they are. The item stays away until its cause grows or arises anew.

        Raises:
            NotFound: no such item, or its cause is gone.
            BadInput: it is not open.
        """
        return await self._desk.dismiss(await self._open(item_id), said)

    async def _open(self, item_id: str) -> ReviewItem:
        item = (await self._repository.get_many([item_id])).get(item_id)
        if item is None:
            raise NotFound("There is no such item, or what it was about is no longer so.")
        if item.state != OPEN:
            raise BadInput(
                "This item was settled already.", hint="Undo that decision; it is in the customer's log.", field="id"
            )
        return item
