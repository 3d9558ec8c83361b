"""What `kith doctor` looks at on this machine: versions, files, ports, disk, memory."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx

from base.errors import ConfigurationFault
from base.keys import Keyring
from base.settings import Settings
from cli.findings import Finding, fault, ok, warning
from local import jars as jar_store
from local.directory import find_running, is_free
from local.java import find_java
from local.memory import MB, size_neo4j, usable_bytes

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
MIN_PYTHON = (3, 11)
# An empty graph takes 0.6 GB (two reserved log files); a full disk stops Neo4j and refuses calls.
DISK_FAULT_BYTES = 1_000 * MB
DISK_WARNING_BYTES = 5_000 * MB
# Java beside heap and page cache, Valkey, and Kith's own processes.
OTHER_MEMORY_MB = 1_500
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)( ;)?", re.MULTILINE)


def python(settings: Settings) -> Finding:
    """The interpreter's version."""
    found = platform.python_version()
    if sys.version_info < MIN_PYTHON:
        return fault("Python", f"{found} is too old", "Install Python 3.11 or newer, then `make clean install`.")
    return ok("Python", found)


def packages(settings: Settings) -> Finding:
    """Whether the installed packages are the locked ones; those for other systems are not asked for."""
    # Some have a version for each of several Pythons or systems.
    wanted: dict[str, list[str]] = {}
    conditional: set[str] = set()
    for name, pinned, condition in _PIN.findall(LOCK.read_text(encoding="utf-8")):
        wanted.setdefault(name, []).append(pinned)
        if condition:
            conditional.add(name)
    wrong = []
    for name, versions in wanted.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = None
        if installed not in versions and not (installed is None and name in conditional):
            wrong.append(f"{name} {installed or 'missing'} instead of {' or '.join(versions)}")
    if wrong:
        return fault("packages", ", ".join(wrong[:5]), "Run `make install`.")
    return ok("packages", "as locked")


def java(settings: Settings) -> Finding:
    """The Java runtime that a local Neo4j uses."""
    found = find_java()
    if not found.command.is_file():
        return fault("Java", f"{found.command} is missing", "Run `make install`, or set JAVA_HOME to a Java 17 or 21.")
    text = f"version {found.major} from {found.origin}"
    if os.environ.get("JAVA_HOME") and found.origin != "JAVA_HOME":
        return warning("Java", f"{text}; JAVA_HOME is neither 17 nor 21", "Nothing, or set JAVA_HOME to one.")
    return ok("Java", text)


def jars(settings: Settings) -> Finding:
    """The Neo4j jars, each against its hash."""
    if os.environ.get("NEO4J_URI"):
        return ok("Neo4j jars", "not needed, NEO4J_URI names a server")
    wrong = jar_store.damaged()
    if wrong:
        advice = f"Remove {jar_store.cache_dir()} and run `kith jars install`."
        return fault("Neo4j jars", f"{len(wrong)} missing or damaged, e.g. {wrong[0]}", advice)
    return ok("Neo4j jars", f"complete in {jar_store.cache_dir()}")


def port(settings: Settings) -> Finding:
    """Whether the API's port is Kith's or free."""
    subject = f"port {settings.port}"
    if is_free(settings.port):
        return ok(subject, "free")
    try:
        answer = httpx.get(f"http://{settings.host}:{settings.port}/healthz", timeout=2.0, trust_env=False)
    except httpx.HTTPError:
        answer = None
    if answer is not None and answer.status_code == httpx.codes.OK:
        return ok(subject, "Kith answers on it")
    if find_running(settings.data_dir):
        return fault(subject, "in use, and Kith does not answer", "Look at the lines of the role `api`.")
    return fault(subject, "another program uses it", "Stop that program, or set KITH_PORT.")


def disk(settings: Settings) -> Finding:
    """Free space where the data is, and whether it can be written."""
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free // MB:,} MB free at {folder}"
    if not os.access(folder, os.W_OK):
        return fault("disk", f"{folder} cannot be written", "Change its owner, or set KITH_DATA_DIR.")
    if free < DISK_FAULT_BYTES:
        return fault("disk", text, "Make room: Neo4j and Valkey stop taking writes on a full disk.")
    if free < DISK_WARNING_BYTES:
        return warning("disk", text, "Make room soon; a million events take about 1 GB.")
    return ok("disk", text)


def memory(settings: Settings) -> Finding:
    """Whether what the local Neo4j takes leaves enough for the rest."""
    usable_mb = usable_bytes() // MB
    if os.environ.get("NEO4J_URI"):
        return ok("memory", f"{usable_mb:,} MB usable")
    sizes = size_neo4j(usable_bytes(), settings.local_memory_mb)
    text = f"{usable_mb:,} MB usable; Neo4j takes a heap of {sizes.heap_mb} MB and {sizes.page_cache_mb} MB page cache"
    if sizes.heap_mb + sizes.page_cache_mb + OTHER_MEMORY_MB > usable_mb:
        return warning("memory", text, "Use a machine with 4 GB or more, or lower KITH_LOCAL_MEMORY_MB.")
    return ok("memory", text)


def keys(settings: Settings) -> Finding:
    """Whether the three keys are there and usable."""
    values = {
        "KITH_WRITE_KEY": settings.write_key,
        "KITH_ADMIN_TOKEN": settings.admin_token,
        "KITH_SECRET_KEY": settings.secret_key,
    }
    missing = [name for name, value in values.items() if not value]
    if missing:
        return warning("keys", f"{', '.join(missing)} not set", "`make run` generates them, or set them.")
    try:
        Keyring(settings.secret_key)
    except ConfigurationFault as problem:
        return fault("keys", str(problem), "Set KITH_SECRET_KEY to the value that the data was written with.")
    return ok("keys", "set")
