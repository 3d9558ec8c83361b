"""What tasks work with; one a worker process, under the key `services` of arq's context."""

from __future__ import annotations

from dataclasses import dataclass, field

from redis.asyncio import Redis

from audit.writer import ChainWriter
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.repositories.change import ChangeRepository
from graph.repositories.decision import DecisionRepository
from graph.repositories.policy import PolicyRepository
from graph.repositories.projection import ProjectionRepository
from graph.repositories.segment_build import SegmentBuildRepository
from graph.repositories.tag_build import TagBuildRepository
from ingest.quarantine import Quarantine
from ingest.stream import IngestStream
from workers.decisions.desk import Desk
from workers.decisions.upkeep import Upkeep
from workers.identity.check import IdentityCheck
from workers.live.builder import Builder
from workers.live.context import LiveContext
from workers.projection.client import ColumnStore
from workers.queue import JobQueue


@dataclass(slots=True)
class TaskServices:
    """Clients and repositories.

    Args:
        faults: what does not work at the moment or did not last time, by the part that found it.
    """

    graph: GraphClient
    redis: Redis
    queue: JobQueue
    publisher: ChangePublisher
    builder: Builder
    columns: ColumnStore
    builds: SegmentBuildRepository
    tag_builds: TagBuildRepository
    outbox: ChangeRepository
    projection: ProjectionRepository
    stream: IngestStream
    quarantine: Quarantine
    desk: Desk
    decisions: DecisionRepository
    check: IdentityCheck
    upkeep: Upkeep
    live: LiveContext
    policies: PolicyRepository
    chain: ChainWriter
    faults: dict[str, str] = field(default_factory=dict)

    def last_error(self) -> str | None:
        """What the heartbeat tells: the newest fault that no later success has removed."""
        return next(reversed(self.faults.values()), None)
