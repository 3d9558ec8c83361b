"""A Neo4j Community server out of the installed jars: configuration, command line, and how to see that it is up."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from pathlib import Path

from local import jars
from local.directory import LOOPBACK, DataDirectory, write_private
from local.java import Java, find_java
from local.memory import Neo4jMemory
from local.process import Guarded

ENTRY_POINT = "org.neo4j.server.CommunityEntryPoint"
USER = "neo4j"
# Longest seen for the closing checkpoint of a filled graph is 6 s; a killed Neo4j recovers, but slowly.
GRACE_S = 60.0
# `SHA-256` records of Neo4j's credential file are salted and hashed this often.
# Source: org.neo4j.server.security.SecureHasher; checked against `neo4j-admin dbms set-initial-password`.
HASH_ROUNDS = 1024
SALT_BYTES = 32

# Bolt's first bytes: the magic number, then four proposals, here version 5.0 to 5.4 only.
# Source: Bolt handshake specification.
HANDSHAKE = bytes.fromhex("6060b017 00040405 00000000 00000000 00000000")
HANDSHAKE_TIMEOUT_S = 1.0

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
    """
    port, password = directory.port("neo4j"), directory.password("neo4j")
    home, logs = directory.path / "neo4j", directory.path / "logs"
    (home / "conf").mkdir(parents=True, exist_ok=True)
    write_private(home / "conf" / "neo4j.conf", configuration(port, home, logs / "neo4j", memory))
    _set_first_password(home / "data" / "dbms", password)
    server = Guarded(
        name="neo4j",
        command=command_line(find_java(), home, memory),
        log=logs / "neo4j-console.log",
        pid_file=home / "pid.json",
        is_up=lambda: answers(port),
        grace_s=grace_s,
        environment={"NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")},
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
        # Bounds what a start after a crash has to replay.
        "db.checkpoint.interval.time=5m",
        # The databases are closed by then; the network layer would wait 10 s for nobody.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period=0",
    ]
    if memory.small:
        # Two log files of 256 MB would be reserved on disk at every first start.
        lines += ["db.tx_log.preallocate=false"]
    return "\n".join(lines) + "\n"


def command_line(java: Java, home: Path, memory: Neo4jMemory) -> list[str]:
    """How to start it with this Java."""
    class_path = os.pathsep.join(str(path) for path in jars.class_path())
    heap = [f"-Xms{memory.heap_mb}m", f"-Xmx{memory.heap_mb}m"]
    # Short runs never earn back the second compiler's work, nor the threads of a concurrent collector.
    flags = JVM_FLAGS_SMALL if memory.small else JVM_FLAGS_SERVER
    entry = [ENTRY_POINT, f"--home-dir={home}", f"--config-dir={home / 'conf'}"]
    return [str(java.command), *heap, *flags, *JVM_FLAGS, "-cp", class_path, *entry]


def answers(port: int) -> bool:
    """Whether a server on this loopback port speaks Bolt; Neo4j opens the port only when its databases are started."""
    try:
        with socket.create_connection((LOOPBACK, port), HANDSHAKE_TIMEOUT_S) as link:
            link.sendall(HANDSHAKE)
            return len(link.recv(4)) == 4
    except OSError:
        return False


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
