"""The lock of the jars and the store of what was fetched; nothing is fetched here."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from base.errors import Unavailable
from local import jars


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache with a lock of one jar whose content is `whole`."""
    lock = tmp_path / "neo4j.lock.toml"
    fields = ("a.b", "c", "1", "jar", "", sha256(b"whole").hexdigest())
    names = ("group", "artifact", "version", "packaging", "classifier", "sha256")
    pairs = zip(names, fields, strict=True)
    lock.write_text("[[jar]]\n" + "".join(f'{name} = "{value}"\n' for name, value in pairs))
    monkeypatch.setattr(jars, "LOCK_FILE", lock)
    monkeypatch.setattr(jars, "read_lock", lambda: _read(lock))
    monkeypatch.setattr(jars, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return jars.cache_dir()


_read = jars.read_lock


class Repository:
    """Stands for jgo: hands out the given contents, one a try; an exception is raised instead."""

    def __init__(self, *contents: bytes | Exception):
        self._contents = list(contents)
        self.tries = 0

    def __call__(self, repo_cache: Path, timeout: int) -> Repository:
        self._target = repo_cache
        return self

    def project(self, group: str, artifact: str) -> Repository:
        return self

    def at_version(self, version: str) -> Repository:
        return self

    def artifact(self, classifier: str, packaging: str) -> Repository:
        return self

    def resolve(self) -> Path:
        self.tries += 1
        content = self._contents.pop(0)
        if isinstance(content, Exception):
            raise content
        self._target.mkdir(parents=True)
        (self._target / "file").write_bytes(content)
        return self._target / "file"


def _serve(monkeypatch: pytest.MonkeyPatch, *contents: bytes | Exception) -> Repository:
    repository = Repository(*contents)
    monkeypatch.setattr("jgo.maven.MavenContext", repository)
    return repository


def test_a_damaged_download_is_fetched_again(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = _serve(monkeypatch, b"half", no_route(), b"whole")

    jars.install()

    assert repository.tries == 3
    assert jars.is_installed()
    assert (store / "jars" / "a.b.c-1.jar").read_bytes() == b"whole"
    assert not (store / "partial").exists()


def test_a_file_that_stays_wrong_is_never_installed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(monkeypatch, *[b"evil"] * jars.TRIES)

    with pytest.raises(Unavailable, match=r"a\.b\.c-1\.jar"):
        jars.install()

    assert not jars.is_installed()
    assert list((store / "jars").iterdir()) == []


def test_what_an_interrupted_run_had_finished_is_kept(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (store / "jars").mkdir(parents=True)
    (store / "jars" / "a.b.c-1.jar").write_bytes(b"whole")
    repository = _serve(monkeypatch)

    jars.install()

    assert repository.tries == 0
    assert jars.is_installed()


def test_another_lock_makes_the_installation_incomplete(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(monkeypatch, b"whole")
    jars.install()

    jars.LOCK_FILE.write_text(jars.LOCK_FILE.read_text() + "# newer\n")

    assert not jars.is_installed()


def test_every_locked_jar_has_a_name_of_its_own() -> None:
    names = [jar.file_name for jar in _read()]

    assert len(set(names)) == len(names) > 200


def no_route() -> Exception:
    """A fault of the network as the HTTP library raises it."""
    import requests

    return requests.ConnectionError("no route")
