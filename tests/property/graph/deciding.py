"""Decisions of people by chance."""

from __future__ import annotations

import random
from collections.abc import Sequence

from base.errors import BadInput, NotFound
from base.ids import call_id
from tests.property.graph.streams import Call
from tests.support.line import SOURCE, Line, query
from workers.decisions.desk import Desk, NamedIdentifier
from workers.decisions.effect import Effect
from workers.decisions.execution import Said

SAID = Said("ann", "by chance")
IDENTIFIERS = query(
    "MATCH (i:Identifier) RETURN i.uid AS uid, i.namespace AS namespace, i.cipher AS cipher ORDER BY uid"
)
_CUSTOMERS = query(
    """
    MATCH (c:Customer) WHERE NOT c:Retired
    RETURN c.id AS id, COLLECT { MATCH (c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) RETURN i.uid } AS uids ORDER BY id
    """
)


async def decide(line: Line, desk: Desk, calls: Sequence[Call], chance: random.Random) -> Effect | None:
    """One decision at random; None when it makes no sense."""
    people = await line.graph.read(_CUSTOMERS)
    try:
        match chance.randrange(4):
            case 0:
                one, other = chance.sample(people, 2)
                return await desk.merge(one["id"], other["id"], SAID)
            case 1:
                person = chance.choice([each for each in people if len(each["uids"]) > 1])
                uids = sorted(person["uids"])
                return await desk.split(person["id"], chance.sample(uids, chance.randrange(1, len(uids))), SAID)
            case 2:
                row = chance.choice(await line.graph.read(IDENTIFIERS))
                return await desk.block(NamedIdentifier(row["uid"], row["namespace"], row["cipher"]), SAID)
            case _:
                call = chance.choice(calls)
                return await desk.revoke_call(call_id(SOURCE, str(call["messageId"])), SAID)
    except (BadInput, NotFound):
        return None
