"""Who writes to a database, and which batches count.

An owner begins by taking a number that it never writes under: the one that an owner before may be writing under at this
moment. A batch asks whether its owner is still the last one, writes, and is committed under the next number; so what an
owner that was replaced, or a statement that was given up, leaves behind can only have a number that was taken.
"""

from __future__ import annotations

from dataclasses import astuple
from secrets import token_hex
from typing import Final

from analytics.engines.clickhouse.server import Server
from analytics.engines.clickhouse.tables import COMMITS, OPENINGS, create_control
from analytics.store.batch import Position
from base.errors import ConfigurationFault

_OUSTED: Final = (
    "Another role `analytics` has taken the store on ClickHouse over: one a deployment. Start this one anew."
)


class Ledger:
    """The right to write; gone with the first fault, since nobody knows then what was written."""

    def __init__(self, server: Server, owner: str, number: int, spoiled: tuple[int, ...]):
        self._server = server
        self._owner = owner
        self.next = number
        self.spoiled = spoiled
        self.is_lost = False

    @classmethod
    def take(cls, server: Server) -> Ledger:
        """Become the owner."""
        for statement in create_control():
            server.run(statement)
        owner = token_hex(8)
        while True:
            [(number,)] = server.rows(
                f"SELECT greatest((SELECT ifNull(max(number), 0) FROM {COMMITS}),"
                f" (SELECT ifNull(max(number), 0) FROM {OPENINGS})) + 1 AS number"
            )
            server.run(f"INSERT INTO {OPENINGS} SELECT {int(number)}, '{owner}'")
            taken = server.rows(f"SELECT number, owner FROM {OPENINGS} ORDER BY number")
            # Two that began at the same moment take the same: both take another one then.
            if [one for at, one in taken if at >= number] == [owner]:
                return cls(server, owner, int(number) + 1, tuple(int(at) for at, _ in taken))

    def check(self) -> None:
        """Raises:
        ConfigurationFault: another one has become the owner.
        """
        owners = self._server.rows(f"SELECT owner FROM {OPENINGS} ORDER BY number DESC LIMIT 1")
        if owners != [(self._owner,)]:
            raise Ousted(_OUSTED)

    def current(self) -> tuple[int, int, Position] | None:
        """The generation that answers, the number of its last batch, and where that led; None: nothing was built."""
        rows = self._server.rows(
            "SELECT generation, number, changes, touched, doubtful_until, doubtful_changes_until, as_of, built"
            f" FROM {COMMITS} ORDER BY number DESC LIMIT 1"
        )
        return (int(rows[0][0]), int(rows[0][1]), Position(*rows[0][2:])) if rows else None

    def commit(self, generation: int, position: Position) -> int:
        """Have the batch of the next number count; which one that was."""
        number = self.next
        *places, built = astuple(position)
        values = ", ".join(str(int(each)) for each in (number, generation, *places))
        self._server.run(f"INSERT INTO {COMMITS} SELECT {values}, {str(built).lower()}")
        self.next += 1
        return number


class Ousted(ConfigurationFault):
    """Somebody else writes to the store now."""
