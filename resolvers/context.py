"""What resolvers work with: the process's services, and one request's own things."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import strawberry
from strawberry.dataloader import DataLoader

from access.permissions import Permission
from access.principal import Principal
from access.sharing import Viewer
from access.users import Users
from audit.log import AuditLog
from audit.search import AuditSearch
from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from delivery.consent import Consenting
from graph.client import GraphClient
from graph.repositories.access import AccessRepository
from graph.repositories.consent import ConsentRepository
from graph.repositories.customer import CustomerRepository
from graph.repositories.decision import DecisionRepository
from graph.repositories.event import EventRecord, EventRepository, EventsAsked
from graph.repositories.favourite import FavouriteRepository
from graph.repositories.identity import IdentityRepository
from graph.repositories.maintenance import MaintenanceRepository, RunSums
from graph.repositories.overview import OverviewRepository
from graph.repositories.policy import PolicyRepository
from graph.repositories.purpose import PurposeRepository
from graph.repositories.registry import Asked, RegistryRepository, ValueDefinition
from graph.repositories.retention import RetentionRepository
from graph.repositories.review import ReviewRepository
from graph.repositories.segment import SegmentRecord, SegmentRepository
from graph.repositories.segment_build import SegmentBuildRepository
from graph.repositories.segment_history import SegmentHistoryRepository
from graph.repositories.segment_list import SegmentListRepository
from graph.repositories.segment_version import SegmentVersionRepository
from graph.repositories.stage import StageRepository
from graph.repositories.tag import TagRecord, TagRepository
from graph.repositories.tag_version import TagVersionRepository
from graph.repositories.usage import UsageRepository
from graph.repositories.user import UserRepository
from resolvers.closed import ClosedSegments
from resolvers.cursors import Cursors
from resolvers.customers.masking import Mask, Masks
from resolvers.customers.profiles import ProfileReader, Sight
from resolvers.ports import (
    ColumnStore,
    CustomerUpdates,
    FactsReader,
    IdentityDesk,
    Jobs,
    LabelDesk,
    PendingCalls,
    PrivacyDesk,
    ReviewDesk,
    Updates,
)
from resolvers.rule_users import NameKey, RuleUser, users_of
from resolvers.spelling import Spelling
from resolvers.usage import UsageNotes
from workers.lists.lists import SegmentLists
from workers.lists.values import TagValues

MAX_ESTIMATES = 2
# What builds cost is told of so much time: what lies further back is no cost of today.
COSTS_MS = timedelta(days=30) // timedelta(milliseconds=1)
MAX_LISTINGS = 8
MAX_SPREADS = 4


@dataclass(frozen=True, kw_only=True)
class Services:
    """What one process has of everything. Built once, in server.py."""

    settings: Settings
    zone: ZoneInfo
    graph: GraphClient
    keyring: Keyring
    cursors: Cursors
    customers: CustomerRepository
    events: EventRepository
    segments: SegmentRepository
    closed: ClosedSegments
    tags: TagRepository
    tag_versions: TagVersionRepository
    stages: StageRepository
    segment_history: SegmentHistoryRepository
    segment_versions: SegmentVersionRepository
    builds: SegmentBuildRepository
    segment_lists: SegmentListRepository
    profiles: ProfileReader
    facts: FactsReader
    pending: PendingCalls
    jobs: Jobs
    columns: ColumnStore
    updates: Updates
    customer_updates: CustomerUpdates
    identities: IdentityRepository
    policies: PolicyRepository
    spelling: Spelling
    decisions: DecisionRepository
    desk: IdentityDesk
    privacy: PrivacyDesk
    consents: ConsentRepository
    purposes: PurposeRepository
    retention: RetentionRepository
    consenting: Consenting
    lists: SegmentLists
    reviews: ReviewRepository
    review_desk: ReviewDesk
    labels: LabelDesk
    tag_values: TagValues
    access: AccessRepository
    users: UserRepository
    user_office: Users
    registry: RegistryRepository
    masks: Masks
    maintenance: MaintenanceRepository
    favourites: FavouriteRepository
    last_uses: UsageRepository
    usage: UsageNotes
    overview: OverviewRepository
    audit: AuditLog
    audit_search: AuditSearch
    # Each passes over everything: more at once would only take turns, and keep everybody else waiting.
    estimates: Semaphore = field(default_factory=lambda: Semaphore(MAX_ESTIMATES))
    listings: Semaphore = field(default_factory=lambda: Semaphore(MAX_LISTINGS))
    # A list of tags may ask for the values of each: they wait for one another.
    spreads: Semaphore = field(default_factory=lambda: Semaphore(MAX_SPREADS))


D = TypeVar("D", SegmentRecord, TagRecord)


class Loaders:
    """One request's data loaders: what look-ahead could not foresee is still read once, in batches."""

    def __init__(self, services: Services, viewer: Viewer):
        self._services = services
        self._viewer = viewer
        self._events: dict[EventsAsked, DataLoader[str, Sequence[EventRecord]]] = {}
        self._properties: dict[Asked, DataLoader[str, Sequence[ValueDefinition]]] = {}

    @cached_property
    def segments(self) -> DataLoader[str, SegmentRecord | None]:
        """Segments that the asker may see by key, with their present status."""

        async def load(keys: list[str]) -> list[SegmentRecord | None]:
            found = await self._services.segments.get_many(keys)
            return [self._seen(found.get(key)) for key in keys]

        return DataLoader(load_fn=load)

    @cached_property
    def member_counts(self) -> DataLoader[str, int]:
        """Members by segment key; 0 for one that is gone."""

        async def load(keys: list[str]) -> list[int]:
            found = await self._services.segments.count_members(keys)
            return [found.get(key, 0) for key in keys]

        return DataLoader(load_fn=load)

    @cached_property
    def tags(self) -> DataLoader[str, TagRecord | None]:
        """Tags that the asker may see by key, with their present status."""

        async def load(keys: list[str]) -> list[TagRecord | None]:
            found = await self._services.tags.get_many(keys)
            return [self._seen(found.get(key)) for key in keys]

        return DataLoader(load_fn=load)

    @cached_property
    def tag_counts(self) -> DataLoader[str, int]:
        """Customers with a value, by tag key; 0 for one that is gone."""

        async def load(keys: list[str]) -> list[int]:
            found = await self._services.tags.count_customers(keys)
            return [found.get(key, 0) for key in keys]

        return DataLoader(load_fn=load)

    @cached_property
    def run_sums(self) -> DataLoader[str, RunSums]:
        """The runs of tags and segments, by id."""

        async def load(ids: list[str]) -> list[RunSums]:
            found = await self._services.maintenance.sum_runs(ids, now_ms() - COSTS_MS)
            return [found[each] for each in ids]

        return DataLoader(load_fn=load)

    @cached_property
    def last_uses(self) -> DataLoader[str, int | None]:
        """When segments and tags were last asked for (ms), by id; None for never."""

        async def load(ids: list[str]) -> list[int | None]:
            found = await self._services.last_uses.get_many(ids)
            return [found.get(each) for each in ids]

        return DataLoader(load_fn=load)

    async def favourites(self) -> set[str]:
        """Ids of the asker's favourite segments and tags."""
        return await self._favourites.load(self._viewer.principal.id)

    @cached_property
    def _favourites(self) -> DataLoader[str, set[str]]:
        async def load(of: list[str]) -> list[set[str]]:
            return [await self._services.favourites.list_ids(each) for each in of]

        return DataLoader(load_fn=load)

    async def everybody(self) -> int:
        """How many customers live."""
        return await self._customer_counts.load("")

    @cached_property
    def _customer_counts(self) -> DataLoader[str, int]:
        async def load(keys: list[str]) -> list[int]:
            return [await self._services.overview.count_customers()] * len(keys)

        return DataLoader(load_fn=load)

    @cached_property
    def rule_users(self) -> DataLoader[NameKey, Sequence[RuleUser]]:
        """What the asker may see that has a rule that names something, by key."""

        async def load(keys: list[NameKey]) -> list[Sequence[RuleUser]]:
            _, segments = await self._services.segments.list_all()
            _, tags = await self._services.tags.list_all()
            found = users_of(filter(self._seen, segments), filter(self._seen, tags))
            return [found.get(key, ()) for key in keys]

        return DataLoader(load_fn=load)

    def _seen(self, found: D | None) -> D | None:
        """What was found, if the asker may know of it."""
        return found if found is not None and self._viewer.sees(found.sharing) else None

    def properties(self, asked: Asked) -> DataLoader[str, Sequence[ValueDefinition]]:
        """One page of property definitions by event."""
        loader = self._properties.get(asked)
        if loader is None:

            async def load(events: list[str]) -> list[Sequence[ValueDefinition]]:
                found = await self._services.registry.list_properties(events, asked)
                return [found.get(event, ()) for event in events]

            loader = self._properties[asked] = DataLoader(load_fn=load)
        return loader

    def events(self, asked: EventsAsked) -> DataLoader[str, Sequence[EventRecord]]:
        """One page of events by customer id."""
        loader = self._events.get(asked)
        if loader is None:

            async def load(ids: list[str]) -> list[Sequence[EventRecord]]:
                found = await self._services.events.list_of_customers(ids, asked)
                return [found.get(customer_id, ()) for customer_id in ids]

            loader = self._events[asked] = DataLoader(load_fn=load)
        return loader


class RequestContext:
    """One operation's context; a subscription has a fresh one for every event.

    Args:
        request_id: stands in logs, in the response header, and in what clients see of internal errors.
        principal: who asks.
        purpose: what they say they need personal values for; a key has its own.
    """

    __slots__ = ("_loaders", "_viewer", "principal", "purpose", "request_id", "services")

    def __init__(self, services: Services, request_id: str, principal: Principal, purpose: str | None = None):
        self.services = services
        self.request_id = request_id
        self.principal = principal
        self.purpose = purpose or principal.purpose
        self._loaders: Loaders | None = None
        self._viewer: Viewer | None = None

    @property
    def reveals(self) -> bool:
        """Whether personal values are shown in clear: to those who may, and say what for."""
        return self.purpose is not None and Permission.PERSONAL_REVEAL in self.principal.permissions

    async def mask(self) -> Mask | None:
        """What hides personal values from whoever asks; None when they are shown."""
        return None if self.reveals else await self.services.masks.current()

    async def sight(self) -> Sight:
        """What whoever asks may see of people."""
        return Sight(self.viewer, await self.mask())

    @property
    def loaders(self) -> Loaders:
        """This request's data loaders."""
        if self._loaders is None:
            self._loaders = Loaders(self.services, self.viewer)
        return self._loaders

    @property
    def viewer(self) -> Viewer:
        """Who asks, as what people made is shared with them."""
        # Whoever subscribes may become somebody else meanwhile.
        if self._viewer is None or self._viewer.principal is not self.principal:
            self._viewer = Viewer(self.principal)
        return self._viewer


Info: TypeAlias = strawberry.Info[RequestContext, None]
