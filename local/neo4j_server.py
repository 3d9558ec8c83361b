"""A Neo4j Community server out of the installed jars: configuration, command line, and how to see that it is up."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from base.errors import ConfigurationFault
from local import bolt_probe, jars
from local.directory import LOOPBACK, DataDirectory, write_private
from local.guard import CALLERS_FAULT, PROBE_PASSWORD_VARIABLE
from local.java import Java, find_java
from local.memory import MB, Neo4jMemory
from local.process import Guarded

ENTRY_POINT = "org.neo4j.server.CommunityEntryPoint"
USER = "neo4j"
# Longest seen for the closing checkpoint of a filled graph is 6 s; a killed Neo4j recovers, but slowly.
GRACE_S = 60.0
# `SHA-256` records of Neo4j's credential file are salted and hashed this often.
# Source: org.neo4j.server.security.SecureHasher; checked against `neo4j-admin dbms set-initial-password`.
HASH_ROUNDS = 1024
SALT_BYTES = 32
PROBE_TIMEOUT_S = 2.0
# One transaction log file; each of the two databases reserves one at its first start.
LOG_FILE_MB = 256
LOG_FILE_MB_SMALL = 64
DATABASES = 2
# Everything else of an empty graph, and its Valkey.
FIRST_START_MB = 50

# Source: the `server.jvm.additional` lines of the neo4j.conf in Neo4j's own 5.26 distribution.
JVM_FLAGS_SERVER = ("-XX:+UseG1GC",)
JVM_FLAGS_SMALL = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
JVM_FLAGS = (
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:+UnlockExperimentalVMOptions",
    "-XX:+TrustFinalNonStaticFields",
    "-XX:+DisableExplicitGC",
    # A heap that is full for good ends the process, and the guard starts a clean one.
    "-XX:+ExitOnOutOfMemoryError",
    "-Djdk.nio.maxCachedBufferSize=1024",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dlog4j2.disable.jmx=true",
    # The JVM warns at every start without it; Neo4j binds a few C functions.
    "--enable-native-access=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
)


def prepare(directory: DataDirectory, memory: Neo4jMemory, grace_s: float = GRACE_S) -> tuple[Guarded, str, str]:
    """Write its configuration, and on the first run its password.

    Returns:
        The server, not started; its Bolt address; its password.

    Raises:
        ConfigurationFault: a first run, and the disk has no room for its log files.
    """
    port, password = directory.port("neo4j"), directory.password("neo4j")
    home, logs = directory.path / "neo4j", directory.path / "logs"
    (home / "conf").mkdir(parents=True, exist_ok=True)
    _check_room(home, memory)
    write_private(home / "conf" / "neo4j.conf", configuration(port, home, logs / "neo4j", memory))
    _set_first_password(home / "data" / "dbms", password)
    server = Guarded(
        name="neo4j",
        command=command_line(find_java(), home, memory),
        log=logs / "neo4j-console.log",
        pid_file=home / "pid.json",
        is_up=lambda: answers(port, password),
        grace_s=grace_s,
        environment={
            "NEO4J_HOME": str(home),
            "NEO4J_CONF": str(home / "conf"),
            PROBE_PASSWORD_VARIABLE: password,
        },
        guard_options=("--probe-bolt", str(port)),
        keep_fds=(directory.lock_fd,),
    )
    return server, f"bolt://{LOOPBACK}:{port}", password


def configuration(port: int, home: Path, logs: Path, memory: Neo4jMemory) -> str:
    """The text of neo4j.conf."""
    lines = [
        f"server.directories.data={home / 'data'}",
        f"server.directories.logs={logs}",
        f"server.directories.run={home / 'run'}",
        f"server.default_listen_address={LOOPBACK}",
        f"server.bolt.listen_address={LOOPBACK}:{port}",
        f"server.bolt.advertised_address={LOOPBACK}:{port}",
        "server.http.enabled=false",
        "server.https.enabled=false",
        f"server.memory.pagecache.size={memory.page_cache_mb}m",
        "dbms.usage_report.enabled=false",
        # Statements may hold personal values, and Kith times them by name itself.
        "db.logs.query.enabled=OFF",
        # Nothing is replicated from these logs; recovery needs only those since the last checkpoint.
        "db.tx_log.rotation.retention_policy=256M size",
        # A disk that is full in the middle of an append leaves half a transaction, after which Neo4j refuses to start
        # for good ("Error reading transaction logs, recovery not possible"; letting it drop the tail ended in a heap of
        # 512 MB overflowing). Files reserved as a whole, and large ones, keep that from happening but at their seams.
        "db.tx_log.preallocate=true",
        f"db.tx_log.rotation.size={LOG_FILE_MB_SMALL if memory.small else LOG_FILE_MB}M",
        # Bounds what a start after a crash has to replay.
        "db.checkpoint.interval.time=5m",
        # The databases are closed by then; the network layer would wait 10 s for nobody.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period=0",
    ]
    return "\n".join(lines) + "\n"


def command_line(java: Java, home: Path, memory: Neo4jMemory) -> list[str]:
    """How to start it with this Java."""
    class_path = os.pathsep.join(str(path) for path in jars.class_path())
    heap = [f"-Xms{memory.heap_mb}m", f"-Xmx{memory.heap_mb}m"]
    # Short runs never earn back the second compiler's work, nor the threads of a concurrent collector.
    flags = JVM_FLAGS_SMALL if memory.small else JVM_FLAGS_SERVER
    entry = [ENTRY_POINT, f"--home-dir={home}", f"--config-dir={home / 'conf'}"]
    return [str(java.command), *heap, *flags, *JVM_FLAGS, "-cp", class_path, *entry]


def answers(port: int, password: str) -> bool:
    """Whether the server on this loopback port runs statements; a refused password is an answer too."""
    try:
        code = bolt_probe.failure(port, USER, password, PROBE_TIMEOUT_S)
    except OSError:
        return False
    return code is None or code.startswith(CALLERS_FAULT)


def _check_room(home: Path, memory: Neo4jMemory) -> None:
    # Measured: a Neo4j that cannot reserve its log file at the first start makes it all the same after the second, and
    # when the disk is full then, a transaction is cut in two: "recovery not possible", the graph is lost.
    if (home / "data" / "databases").exists():
        return
    wanted_mb = DATABASES * (LOG_FILE_MB_SMALL if memory.small else LOG_FILE_MB) + FIRST_START_MB
    free_mb = shutil.disk_usage(home).free // MB
    if free_mb < wanted_mb:
        raise ConfigurationFault(
            f"A new Neo4j in {home} needs {wanted_mb} MB of disk, and {free_mb} MB are free. "
            "Make room, or set KITH_DATA_DIR to a directory on another disk."
        )


def _set_first_password(folder: Path, password: str) -> None:
    """What `neo4j-admin dbms set-initial-password` does, without a second Java and without the password in `ps`."""
    if (folder.parent / "databases").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    salt = secrets.token_bytes(SALT_BYTES)
    digest = salt + password.encode()
    for _ in range(HASH_ROUNDS):
        digest = hashlib.sha256(digest).digest()
    write_private(folder / "auth.ini", f"{USER}:SHA-256,{digest.hex()},{salt.hex()},{HASH_ROUNDS}:\n")
