"""`kith doctor` says what is open."""

from __future__ import annotations

import pytest

from base.settings import Settings
from cli.doctor_security import examine, is_loopback
from cli.findings import Level

SOUND = {
    "NEO4J_URI": "neo4j+s://graph.internal:7687",
    "NEO4J_PASSWORD": "correct horse battery",
    "REDIS_URL": "rediss://:correct-horse-battery@cache.internal:6379/0",
    "KITH_WRITE_KEY": "wk_q2W9xkT0bnLr5sYvHd7cMA",
    "KITH_ADMIN_TOKEN": "adm_8fJ3mZ6pRtQw1uXyKc5vNg",
    "KITH_SECRET_KEY": "0123456789abcdef" * 4,
    "KITH_HOST": "0.0.0.0",
    "KITH_MODE": "production",
}


def wrong(**changes: str) -> dict[str, Level]:
    found = examine(Settings.model_validate(SOUND | changes))
    return {one.subject: one.level for one in found if one.level is not Level.OK}


def test_a_sound_deployment_has_nothing_to_be_said_of() -> None:
    assert wrong() == {}
    assert wrong(NEO4J_URI="bolt://127.0.0.1:7687", REDIS_URL=SOUND["REDIS_URL"].replace("rediss", "unix")) == {}


@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("NEO4J_URI", "neo4j://graph.internal:7687", Level.WARNING),
        ("NEO4J_URI", "bolt+ssc://graph.internal:7687", Level.WARNING),
        ("REDIS_URL", "redis://:correct-horse-battery@cache.internal/0", Level.WARNING),
        ("REDIS_URL", "rediss://cache.internal/0", Level.WARNING),
        ("NEO4J_PASSWORD", "neo4j", Level.WARNING),
        ("NEO4J_PASSWORD", "", Level.WARNING),
        ("KITH_ADMIN_TOKEN", "secret", Level.FAULT),
        ("KITH_ADMIN_TOKEN", "ab" * 30, Level.FAULT),
        ("KITH_WRITE_KEY", "writekey", Level.FAULT),
        ("KITH_SECRET_KEY", "00" * 32, Level.FAULT),
        ("KITH_MODE", "local", Level.WARNING),
        ("KITH_ALLOWED_ORIGINS", "*", Level.WARNING),
    ],
)
def test_what_is_open_is_said(name: str, value: str, level: Level) -> None:
    assert wrong(**{name: value}) == {name: level}


def test_limits_that_are_off_or_wrong_are_said() -> None:
    assert wrong(KITH_RATE_LIMITS="default=0") == {"limits": Level.WARNING}
    assert wrong(KITH_TRACKING_RATE="0") == {"limits": Level.WARNING}
    assert wrong(KITH_COST_LIMITS="nonsense") == {"limits": Level.FAULT}


def test_no_finding_shows_a_secret() -> None:
    weak = {"KITH_ADMIN_TOKEN": "hush-hush", "NEO4J_PASSWORD": "sesame", "REDIS_URL": "redis://:open-up@cache/0"}
    text = repr(examine(Settings.model_validate(SOUND | weak)))

    for secret in ("hush", "sesame", "open-up"):
        assert secret not in text


def test_a_developers_machine_is_left_alone() -> None:
    assert wrong(KITH_MODE="local", KITH_HOST="127.0.0.1", KITH_ADMIN_TOKEN="secret", NEO4J_PASSWORD="") == {}


def test_loopback_is_known_by_its_addresses() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost")))
    assert not any(map(is_loopback, ("10.0.0.1", "graph", "0.0.0.0", "localhost.example")))
