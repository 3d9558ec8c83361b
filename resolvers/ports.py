"""What resolvers need of other parts, so small that a test can stand in for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Protocol

from analytics.query.order import FIRST, Order, Place
from delivery.change import PublishedChange
from delivery.customers import CustomerUpdate
from graph.repositories.segment_history import Moves
from graph.repositories.stage import MoveCount
from rules.consent import Said as Consent
from rules.facts import Facts
from rules.tree import Rule
from workers.decisions.desk import NamedIdentifier
from workers.decisions.effect import Effect
from workers.decisions.execution import Said
from workers.decisions.privacy import Named, Recorded
from workers.projection.client import Counted, Listed, Spread, StatementReads


class FactsReader(Protocol):
    """Loads what rules read of customers; implemented on the live evaluation's own loading."""

    async def load(
        self, rule: Rule, customer_ids: Sequence[str], now_ms: int, *, with_event_ids: bool = False
    ) -> dict[str, Facts]:
        """Facts by customer id, at least those that the rule reads; unknown ids are missing.

        Args:
            with_event_ids: whether events have their ids, which only explanations show.
        """


class PendingCalls(Protocol):
    """Knows which accepted calls wait to be applied."""

    async def pending_message_ids(self, message_ids: Sequence[str]) -> set[str]:
        """Those of the message ids that wait."""


class Jobs(Protocol):
    """Puts work into the background queue."""

    async def enqueue(self, task: str, *args: object, job_id: str | None = None) -> None:
        """Queue one job; tasks take ids, not objects."""


class ColumnStore(Protocol):
    """Answers questions about everybody; implemented by workers.projection.client.ColumnStore."""

    async def count(self, rule: Mapping[str, object]) -> Counted:
        """For how many customers a checked rule, as a document, holds."""

    async def page_result(self, name: str, after: str, limit: int) -> list[str]:
        """Ids of the customers of a build's result behind an id."""

    async def list_customers(
        self,
        rule: Mapping[str, object] | None,
        order: Order,
        *,
        is_known: bool,
        after: Place = FIRST,
        count: int,
        now_ms: int | None = None,
    ) -> Listed:
        """Customers for whom a checked rule holds, in an order, behind a place."""

    async def spread_tag(self, tag: str, *, is_list: bool, value_count: int, bucket_count: int) -> Spread:
        """How the values of a tag are spread; no buckets for 0."""

    async def count_stage_moves(self, tag: str, from_ms: int, to_ms: int, reasons: Sequence[str]) -> list[MoveCount]:
        """How often customers moved between any two stages of a tag in a range of time."""

    async def count_segment_moves(self, segment: str, edges_ms: Sequence[int]) -> tuple[int, list[Moves]]:
        """Members of a segment now, and who moved in each of consecutive ranges of time."""

    async def find_customers(self, attribute: str, texts: Collection[str]) -> list[tuple[str, str]]:
        """(text, customer) of everybody whose value of an attribute is one of the texts."""

    async def check_sql(self, text: str, of_type: str, zone: str | None) -> StatementReads:
        """See that a statement can give the values of a tag."""


class IdentityDesk(Protocol):
    """Where decisions about identity take effect; implemented by workers.decisions.desk.Desk."""

    async def merge(self, one: str, other: str, said: Said) -> Effect:
        """Two customers are one person."""

    async def split(self, customer: str, uids: Collection[str], said: Said) -> Effect:
        """Some identifiers of a customer are another person's."""

    async def block(self, identifier: NamedIdentifier, said: Said, *, blocked: bool = True) -> Effect:
        """A value identifies nobody, or it does after all."""

    async def revoke_call(self, call: str, said: Said) -> Effect:
        """A call never happened."""

    async def revoke_import(self, source: str, said: Said) -> Effect:
        """All calls of a source that were received until now never happened."""

    async def erase(self, customer: str, said: Said) -> Effect:
        """A person is forgotten."""

    async def undo(self, decision: str, said: Said) -> Effect:
        """A decision was never made."""


class PrivacyDesk(Protocol):
    """Where consents and restrictions are noted; implemented by workers.decisions.privacy.PrivacyDesk."""

    async def record(self, whom: str | Named, what: Consent, at_ms: int, said: Said) -> Recorded:
        """What a customer agreed to or not."""

    async def restrict(self, customer: str, said: Said) -> Recorded:
        """Leave a customer out of all purposes."""

    async def lift(self, customer: str, said: Said) -> Recorded:
        """Let a customer take part again."""


class ReviewDesk(Protocol):
    """Where items of the review list are settled; implemented by workers.decisions.review.ReviewDesk."""

    async def accept(self, item_id: str, said: Said) -> Effect:
        """Do what the item suggests."""

    async def dismiss(self, item_id: str, said: Said) -> Effect:
        """Leave things as they are."""


class LabelDesk(Protocol):
    """Where labels are put on customers; implemented by workers.live.labels.Labels."""

    async def put(self, tag: str, version: int, ids: Collection[str], labels: Collection[str], author: str) -> int:
        """Put labels on living customers; returns how many have others now."""

    async def take(self, tag: str, version: int, ids: Collection[str], labels: Collection[str] | None) -> int:
        """Take labels off, all of them for None; returns how many have others now."""


class Updates(Protocol):
    """The change log as subscribers read it; implemented by delivery.hub.ChangeHub."""

    def subscribe(self, segments: frozenset[str] | None, after: str | None) -> AsyncGenerator[PublishedChange, None]:
        """Published changes of these segments (None: of all) after a cursor (None: from now on)."""


class CustomerUpdates(Protocol):
    """What happens to customers as subscribers hear of it; implemented by delivery.customers.CustomerUpdates."""

    def subscribe(self, ids: Collection[str], after: str | None) -> AsyncGenerator[CustomerUpdate, None]:
        """Updates of these customers after a cursor (None: from now on)."""
