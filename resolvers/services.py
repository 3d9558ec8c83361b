"""Puts together what resolvers work with."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from access.users import Users
from audit.log import AuditLog
from audit.search import AuditSearch
from base.keys import Keyring
from base.settings import Settings
from delivery.consent import Consenting
from graph.client import GraphClient
from graph.repositories.access import AccessRepository
from graph.repositories.consent import ConsentRepository
from graph.repositories.customer import CustomerRepository
from graph.repositories.decision import DecisionRepository
from graph.repositories.event import EventRepository
from graph.repositories.favourite import FavouriteRepository
from graph.repositories.identity import IdentityRepository
from graph.repositories.maintenance import MaintenanceRepository
from graph.repositories.overview import OverviewRepository
from graph.repositories.policy import PolicyRepository
from graph.repositories.purpose import PurposeRepository
from graph.repositories.registry import RegistryRepository
from graph.repositories.retention import RetentionRepository
from graph.repositories.review import ReviewRepository
from graph.repositories.segment import SegmentRepository
from graph.repositories.segment_build import SegmentBuildRepository
from graph.repositories.segment_history import SegmentHistoryRepository
from graph.repositories.segment_list import SegmentListRepository
from graph.repositories.segment_version import SegmentVersionRepository
from graph.repositories.sharing import SharingRepository
from graph.repositories.stage import StageRepository
from graph.repositories.tag import TagRepository
from graph.repositories.tag_version import TagVersionRepository
from graph.repositories.usage import UsageRepository
from graph.repositories.user import UserRepository
from resolvers.catalogue import DefinitionCatalogue
from resolvers.closed import ClosedSegments
from resolvers.context import Services
from resolvers.cursors import Cursors
from resolvers.customers.facts import LiveFacts
from resolvers.customers.masking import Masks
from resolvers.customers.profiles import ProfileReader
from resolvers.ports import (
    ColumnStore,
    CustomerUpdates,
    IdentityDesk,
    Jobs,
    LabelDesk,
    PendingCalls,
    PrivacyDesk,
    ReviewDesk,
    Updates,
)
from resolvers.spelling import Spelling
from resolvers.usage import UsageNotes
from workers.lists.lists import SegmentLists
from workers.lists.values import TagValues


def make_services(
    settings: Settings,
    graph: GraphClient,
    keyring: Keyring,
    *,
    pending: PendingCalls,
    jobs: Jobs,
    columns: ColumnStore,
    updates: Updates,
    customer_updates: CustomerUpdates,
    desk: IdentityDesk,
    privacy: PrivacyDesk,
    lists: SegmentLists,
    review_desk: ReviewDesk,
    labels: LabelDesk,
    tag_values: TagValues,
    audit: AuditLog,
    user_office: Users,
) -> Services:
    """The services of one process on its connections. No I/O."""
    zone = ZoneInfo(settings.time_zone)
    customers, events, segments = CustomerRepository(graph), EventRepository(graph), SegmentRepository(graph)
    policies, tags = PolicyRepository(graph), TagRepository(graph)
    last_uses = UsageRepository(graph)
    catalogues = DefinitionCatalogue(segments.list_all), DefinitionCatalogue(tags.list_all)
    return Services(
        settings=settings,
        zone=zone,
        graph=graph,
        keyring=keyring,
        cursors=Cursors(keyring),
        customers=customers,
        events=events,
        segments=segments,
        closed=ClosedSegments(SharingRepository(graph).list_closed),
        tags=tags,
        tag_versions=TagVersionRepository(graph),
        stages=StageRepository(graph),
        profiles=ProfileReader(customers, events, *catalogues, keyring),
        segment_history=SegmentHistoryRepository(graph),
        segment_versions=SegmentVersionRepository(graph),
        builds=SegmentBuildRepository(graph),
        segment_lists=SegmentListRepository(graph),
        facts=LiveFacts(graph, keyring, zone),
        pending=pending,
        jobs=jobs,
        columns=columns,
        updates=updates,
        customer_updates=customer_updates,
        identities=IdentityRepository(graph),
        policies=policies,
        spelling=Spelling(policies, settings.phone_region),
        decisions=DecisionRepository(graph),
        desk=desk,
        privacy=privacy,
        consents=ConsentRepository(graph),
        purposes=PurposeRepository(graph),
        retention=RetentionRepository(graph),
        consenting=Consenting(graph),
        lists=lists,
        reviews=ReviewRepository(graph),
        review_desk=review_desk,
        labels=labels,
        tag_values=tag_values,
        access=AccessRepository(graph),
        users=UserRepository(graph),
        user_office=user_office,
        registry=RegistryRepository(graph),
        masks=Masks(RegistryRepository(graph)),
        maintenance=MaintenanceRepository(graph),
        favourites=FavouriteRepository(graph),
        last_uses=last_uses,
        usage=UsageNotes(last_uses),
        overview=OverviewRepository(graph),
        audit=audit,
        audit_search=AuditSearch(graph, keyring),
    )
