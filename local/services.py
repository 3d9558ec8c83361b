"""Starts what the settings do not name: a local Neo4j when `NEO4J_URI` is unset, a local Valkey when `REDIS_URL` is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from local import jars, neo4j_server, valkey_server
from local.directory import DataDirectory
from local.environment import complete_credentials, remove_runtime, write_runtime
from local.memory import Neo4jMemory, size_neo4j, usable_bytes
from local.process import Guarded

# Ready in 6 to 9 s; after a crash the logs are replayed first, and a loaded machine is slower.
START_TIMEOUT_S = 180.0

Say = Callable[[str], None]


class LocalServices:
    """The local servers of one run on one data directory; a context manager.

    Args:
        data_dir: `KITH_DATA_DIR`.
        environment: the process's environment; decides what is started.
        memory: sizes for Neo4j; None applies the rule of `local.memory`.
        appendfsync: for Valkey.
        grace_s: how long a server may take to stop; None takes each server's own.
        say: told in words what is going on.

    Raises:
        ConfigurationFault: the directory is in use, or a server does not start.
        Unavailable: jars have to be fetched and the network is not there.
    """

    def __init__(
        self,
        data_dir: Path,
        environment: Mapping[str, str],
        *,
        memory: Neo4jMemory | None = None,
        appendfsync: str = "everysec",
        grace_s: float | None = None,
        say: Say = lambda text: None,
    ):
        self.directory = DataDirectory(data_dir)
        self.neo4j: Guarded | None = None
        self.valkey: Guarded | None = None
        self._environment = environment
        self._memory = memory or size_neo4j(usable_bytes())
        self._appendfsync = appendfsync
        self._grace_s = grace_s
        self._say = say

    def start(self, progress: jars.Progress = lambda done, total: None) -> dict[str, str]:
        """Start and wait until everything answers.

        Args:
            progress: told how many jars are there while they are fetched.

        Returns:
            Settings by name: the generated keys, and addresses and passwords of what was started.
        """
        path = self.directory.path
        values = complete_credentials(path, self._environment)
        runtime: dict[str, str] = {}
        try:
            if not self._environment.get("REDIS_URL"):
                runtime["REDIS_URL"] = self._start_valkey()
            if not self._environment.get("NEO4J_URI"):
                runtime |= self._start_neo4j(progress)
            for server in self._servers():
                server.wait_until_up(START_TIMEOUT_S)
        except BaseException:
            self.stop()
            raise
        write_runtime(path, runtime)
        return values | runtime

    def stop(self) -> None:
        """Stop what was started, Neo4j and Valkey in turn, and free the data directory. Harmless when repeated."""
        remove_runtime(self.directory.path)
        for server in self._servers():
            self._say(f"stopping {server.name}")
            server.stop()
        self.neo4j = self.valkey = None
        self.directory.close()

    def __enter__(self) -> dict[str, str]:
        return self.start()

    def __exit__(self, *fault: object) -> None:
        self.stop()

    def _start_valkey(self) -> str:
        grace_s = self._grace_s or valkey_server.GRACE_S
        self.valkey, url = valkey_server.prepare(self.directory, self._appendfsync, grace_s)
        self._say("starting Valkey")
        self.valkey.start()
        return url

    def _start_neo4j(self, progress: jars.Progress) -> dict[str, str]:
        if not jars.is_installed():
            self._say("fetching Neo4j (135 MB, once)")
            jars.install(progress)
        grace_s = self._grace_s or neo4j_server.GRACE_S
        self.neo4j, uri, password = neo4j_server.prepare(self.directory, self._memory, grace_s)
        self._say(f"starting Neo4j (heap {self._memory.heap_mb} MB, page cache {self._memory.page_cache_mb} MB)")
        self.neo4j.start()
        return {"NEO4J_URI": uri, "NEO4J_USER": neo4j_server.USER, "NEO4J_PASSWORD": password}

    def _servers(self) -> list[Guarded]:
        return [server for server in (self.neo4j, self.valkey) if server is not None]
