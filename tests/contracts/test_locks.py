"""What is installed is fixed by hash, and the lock files name no server: everybody installs from their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.jars import read_lock

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-demo.lock", "local/neo4j.lock.toml")
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(\[[^\]]*\])?==([^ ;]+)")
ADDRESS = re.compile(
    r"://|www\.|^\s*(-i|--index|--extra-index|--find-links|-f)\b|\b[a-z0-9-]+\.(org|com|io|net)/", re.M
)


def _pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return {found[1]: found[3] for line in lines if (found := REQUIREMENT.match(line))}


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_holds_an_address(lock: str) -> None:
    assert ADDRESS.findall((ROOT / lock).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("lock", LOCKS[:3])
def test_every_package_is_pinned_with_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")

    wrong = [
        line
        for line in text.splitlines()
        if line.strip() and not re.search(r"==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
    ]

    assert wrong == []


def test_every_jar_has_a_hash() -> None:
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in read_lock())


def test_tests_run_with_the_versions_that_the_service_runs_with() -> None:
    runtime, development = _pins("requirements.lock"), _pins("requirements-dev.lock")

    assert runtime.items() <= development.items()


def test_every_declared_dependency_is_locked() -> None:
    declared = re.findall(r'^    "([A-Za-z0-9._-]+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)

    assert {name.lower() for name in declared} <= _pins("requirements-dev.lock").keys()
