"""Whether the statement of a tag can give its values."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rules.tags.definition import Sql
from rules.type_problems import ValueType
from workers.projection.answers.answering import Answering, run


async def check_sql(answering: Answering, text: str, of_type: str, zone: str | None) -> dict[str, object]:
    """The columns that it has, and what it reads: names, and what may be keys of segments and tags.

    Args:
        of_type: name of a `ValueType`.
        zone: of the tag; None for the deployment's.

    Raises:
        BadInput: it cannot; at `text` or `type`.
    """
    definition = Sql(text, ValueType(of_type))
    store, now_ms = answering.owner.store(), answering.owner.as_of_ms
    own = ZoneInfo(zone) if zone else answering.zone
    columns, reads = await run(answering.owner, store, lambda reader: reader.check_sql(definition, now_ms, own))
    return {
        "columns": [list(column) for column in columns],
        "names": [list(name) for name in reads.names],
        "segments": sorted(reads.segments),
        "tags": sorted(reads.tags),
    }
