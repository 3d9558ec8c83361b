"""A database on a ClickHouse server, in which stores are generations of tables."""

from __future__ import annotations

from typing import Final

from analytics.engines.clickhouse.ledger import Ledger, Ousted
from analytics.engines.clickhouse.server import (
    UNKNOWN_COLUMN,
    UNKNOWN_TABLE,
    Address,
    EngineFault,
    Server,
    StoreAway,
)
from analytics.engines.clickhouse.store import ClickHouseStore, prefix_of
from analytics.engines.clickhouse.tables import COMMITS, DIFFERING, OPENINGS, PREFIX, RESULT
from analytics.engines.port import Store
from base import logs
from base.errors import ConfigurationFault

_log = logs.get_logger()


class ClickHousePlace:
    """A database; the owner that opened it last writes to it."""

    name: Final = "ClickHouse"

    def __init__(self, address: Address):
        self._address = address
        self._server: Server | None = None
        self._ledger: Ledger | None = None
        self._ousted: Ousted | None = None

    @classmethod
    def of(cls, url: str) -> ClickHousePlace:
        """Read its address; nothing is asked yet.

        Raises:
            ConfigurationFault: it is none.
        """
        return cls(Address.of(url))

    def open(self) -> ClickHouseStore:
        """The store that answers, as its last batch left it."""
        if self._ousted is not None:
            # Two that take over from each other in turn would both get nowhere.
            raise self._ousted
        if self._server is None:
            self._server = Server.connect(self._address)
        ledger = self._ledger = Ledger.take(self._server)
        current = ledger.current()
        self._drop_all_but(None if current is None else prefix_of(current[0]))
        if current is not None:
            try:
                return ClickHouseStore.load(self._server, ledger, *current)
            except EngineFault as fault:
                if fault.code not in (UNKNOWN_TABLE, UNKNOWN_COLUMN):
                    raise
                # It holds nothing that the graph does not hold.
                _log.warning("columns_unreadable", fault=str(fault))
        return self.begin()

    def begin(self) -> ClickHouseStore:
        """Empty tables beside those that answer."""
        if self._server is None or self._ledger is None or self._ledger.is_lost:
            raise StoreAway("The store on ClickHouse has to be opened again.")
        current = self._ledger.current()
        self._drop_all_but(None if current is None else prefix_of(current[0]))
        return ClickHouseStore.begin(self._server, self._ledger)

    def put(self, built: Store, old: Store | None) -> None:
        """Nothing more: its last batch has put it there. `open` drops what was there before."""
        built.close()
        if old is not None:
            old.close()

    def is_of_store(self, fault: BaseException) -> bool:
        """Also where it is not, if a batch did not come to its end: its number must not be used again."""
        if isinstance(fault, Ousted):
            self._ousted = fault
        is_lost = self._ledger is not None and self._ledger.is_lost
        return is_lost or isinstance(fault, EngineFault | StoreAway | ConfigurationFault)

    def _drop_all_but(self, prefix: str | None) -> None:
        """Drop what owners before have left: other generations, and results."""
        assert self._server is not None
        rows = self._server.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase()"
            f" AND (match(name, '^{PREFIX}[0-9]+_') OR startsWith(name, '{RESULT}') OR startsWith(name, '{DIFFERING}'))"
        )
        for (name,) in rows:
            assert name not in (COMMITS, OPENINGS)
            is_result = name.startswith((RESULT, DIFFERING))
            if is_result or prefix is None or not name.startswith(prefix):
                self._server.run(f"DROP TABLE IF EXISTS {name} SYNC")
