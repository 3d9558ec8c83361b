"""Writes `neo4j.lock.toml` anew: resolves the roots through their POMs, which takes minutes and no start has to do."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path

from local.jars import LOCK_FILE, NEO4J_VERSION, ROOTS

HEADER = f"""# What Neo4j Community {NEO4J_VERSION} needs on its class path: Maven coordinates and SHA-256 of each file.
# Written by `kith jars lock`; do not edit.
"""


def write_lock(target: Path = LOCK_FILE) -> int:
    """Resolve and write.

    Returns:
        The number of jars in the lock.
    """
    import jgo

    endpoint = "+".join(f"{group}:{artifact}:{NEO4J_VERSION}" for group, artifact in ROOTS)
    with tempfile.TemporaryDirectory(prefix="kith-jars-") as scratch:
        environment = jgo.build(endpoint, cache_dir=Path(scratch))
        found = tomllib.loads((Path(environment.path) / "jgo.lock.toml").read_text(encoding="utf-8"))
    entries = [_entry(dependency) for dependency in found["dependencies"]]
    target.write_text(HEADER + "\n" + "\n".join(sorted(entries)), encoding="utf-8")
    return len(entries)


def _entry(dependency: dict[str, object]) -> str:
    fields = {
        "group": dependency["groupId"],
        "artifact": dependency["artifactId"],
        "version": dependency["version"],
        "packaging": dependency["packaging"],
        "classifier": dependency.get("classifier", ""),
        "sha256": dependency["sha256"],
    }
    return "[[jar]]\n" + "".join(f'{name} = "{value}"\n' for name, value in fields.items())
