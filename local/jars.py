"""The Neo4j jars: listed with hashes in `neo4j.lock.toml`, fetched once into the user's cache, then used offline."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from base.errors import ConfigurationFault, Unavailable

LOCK_FILE = Path(__file__).with_name("neo4j.lock.toml")
NEO4J_VERSION = "5.26.31"
# The smallest roots that bring the server with Bolt: the database itself and its entry point.
ROOTS = (("org.neo4j", "neo4j"), ("org.neo4j.app", "neo4j-server"))

# Many small files: latency, not bandwidth, is what downloads wait for.
DOWNLOAD_THREADS = 12
DOWNLOAD_TIMEOUT_S = 30
TRIES = 4
FIRST_PAUSE_S = 0.5

Progress = Callable[[int, int], None]


class DamagedDownload(Exception):
    """A downloaded file is not the one that the lock names."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One artifact of a Maven repository.

    Args:
        classifier: empty for the plain artifact.
        sha256: hexadecimal, of the file.
    """

    group: str
    artifact: str
    version: str
    packaging: str
    classifier: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Unique within the lock: groups are part of it because two groups may share an artifact's name."""
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.group}.{self.artifact}-{self.version}{tail}.{self.packaging}"


def read_lock(path: Path = LOCK_FILE) -> list[Jar]:
    """The jars that the lock names, in its order."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return [Jar(**entry) for entry in document["jar"]]


def cache_dir() -> Path:
    """Where the jars of this version live: `$XDG_CACHE_HOME/kith/neo4j-<version>`, by default under `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kith" / f"neo4j-{NEO4J_VERSION}"


def class_path() -> list[Path]:
    """The installed jars' paths. No check of their content; `install` did that."""
    folder = cache_dir() / "jars"
    return [folder / jar.file_name for jar in read_lock()]


def is_installed() -> bool:
    """Whether every jar of the lock was fetched and checked. Reads one small file and the directory."""
    stamp = cache_dir() / "complete"
    return (
        stamp.is_file()
        and stamp.read_text(encoding="ascii") == _lock_digest()
        and all(path.is_file() for path in class_path())
    )


def damaged() -> list[str]:
    """Names of installed jars that are missing or differ from the lock; reads all of them (0.3 s)."""
    folder = cache_dir() / "jars"
    return [jar.file_name for jar in read_lock() if not _is_good(folder / jar.file_name, jar)]


def install(progress: Progress = lambda done, total: None) -> None:
    """Fetch what is missing; what an interrupted run had finished is kept. Two processes wait for each other.

    Args:
        progress: called with the number of jars ready and of all.

    Raises:
        Unavailable: the repository cannot be reached, or a file stayed wrong after several tries.
        ConfigurationFault: the cache directory cannot be written.
    """
    home = cache_dir()
    with _one_at_a_time(home):
        if is_installed():
            return
        folder, partial = home / "jars", home / "partial"
        folder.mkdir(exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        jars = read_lock()
        missing = [jar for jar in jars if not _is_good(folder / jar.file_name, jar)]
        _fetch_all(missing, folder, partial, lambda done: progress(len(jars) - len(missing) + done, len(jars)))
        shutil.rmtree(partial, ignore_errors=True)
        (home / "complete").write_text(_lock_digest(), encoding="ascii")


def _fetch_all(missing: list[Jar], folder: Path, partial: Path, progress: Callable[[int], None]) -> None:
    progress(0)
    with ThreadPoolExecutor(DOWNLOAD_THREADS, thread_name_prefix="jars") as pool:
        waiting = [pool.submit(_fetch, jar, folder, partial) for jar in missing]
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                future.result()
                progress(done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch(jar: Jar, folder: Path, partial: Path) -> None:
    """Download one jar, check it, and only then give it its name: a file under `jars/` is always whole."""
    # Here and not above: jgo takes 0.2 s to import, and a normal start needs none of it.
    import requests
    from jgo.maven import MavenContext

    for attempt in range(1, TRIES + 1):
        # A directory a try: jgo takes any file that it finds in its cache for a finished one.
        scratch = partial / f"{jar.file_name}.{attempt}"
        context = MavenContext(repo_cache=scratch, timeout=DOWNLOAD_TIMEOUT_S)
        try:
            component = context.project(jar.group, jar.artifact).at_version(jar.version)
            found = component.artifact(jar.classifier, jar.packaging).resolve()
            if not _is_good(found, jar):
                raise DamagedDownload("its hash differs from the lock")
            os.replace(found, folder / jar.file_name)
            shutil.rmtree(scratch, ignore_errors=True)
            return
        # jgo raises RuntimeError for a status other than 200 and for a wrong checksum of the repository.
        except (requests.RequestException, RuntimeError, DamagedDownload) as fault:
            if attempt == TRIES:
                raise Unavailable(
                    f"{jar.file_name} could not be fetched ({type(fault).__name__})",
                    hint="Check the network and run the same command again; what was fetched is kept.",
                ) from fault
            time.sleep(FIRST_PAUSE_S * 2 ** (attempt - 1))


def _is_good(path: Path, jar: Jar) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def _lock_digest() -> str:
    return hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "lock").open("w", encoding="ascii")
    except OSError as fault:
        raise ConfigurationFault(f"the cache directory {home} cannot be written: {fault.strerror}") from fault
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
