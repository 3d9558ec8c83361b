"""Secrets do not show themselves, and are found where somebody shows them."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from base import logs
from base.secret import MASK, Secret, mask, password_in, remember
from base.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "adm_S3cret/with+signs"
PASSWORD = "p%40ss-w0rd/redis"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings.model_validate(
        {
            "NEO4J_PASSWORD": "neo-pa$$word-1",
            "REDIS_URL": f"redis://:{PASSWORD.replace('/', '%2F')}@cache:6379/0",
            "KITH_WRITE_KEY": "wk_known-write-key",
            "KITH_ADMIN_TOKEN": TOKEN,
            "KITH_SECRET_KEY": "0e" * 32,
        }
    )


def secrets_of(settings: Settings) -> list[str]:
    return [settings.neo4j_password, settings.write_key, settings.admin_token, settings.secret_key, "w0rd"]


def test_settings_show_no_secret(settings: Settings) -> None:
    for text in (repr(settings), str(settings), f"{settings!r}", repr(settings.model_dump()), repr(vars(settings))):
        for secret in secrets_of(settings):
            assert str.__str__(secret) not in text
    assert MASK in repr(settings)
    assert repr(Secret()) == "''"


def test_a_secret_is_still_its_text(settings: Settings) -> None:
    assert settings.admin_token == TOKEN
    assert settings.admin_token.encode() == TOKEN.encode()
    assert f"Bearer {settings.admin_token}" == "Bearer " + TOKEN


@pytest.mark.parametrize(
    "line",
    [
        f"connecting with {TOKEN}",
        f"url={TOKEN.replace('/', '%2F').replace('+', '%2B')}",
        "redis://:p%40ss-w0rd%2Fredis@cache:6379/0 refused",
        "AUTH p@ss-w0rd/redis",
        "bolt://neo4j:never-heard-of@graph:7687 refused",
        "authorization: Bearer abcdefghijklmnop",
        "Authorization: Basic d2tfYWJjZGVmOg==",
    ],
)
def test_a_line_is_masked(settings: Settings, line: str) -> None:
    masked = mask(line)

    assert MASK in masked
    for secret in (TOKEN, "w0rd", "never-heard-of", "abcdefgh", "d2tf"):
        assert secret not in masked


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nothing here",
        "http://127.0.0.1:8000/graphql",
        "see https://a.example/b@c:d",
        "12:30:01 user@host",
        "bearer of",
    ],
)
def test_other_lines_stay_as_they_are(settings: Settings, line: str) -> None:
    assert mask(line) == line


def test_a_short_word_is_not_hunted() -> None:
    remember("neo4j", "redis://:short@cache/0")
    assert mask("neo4j is short") == "neo4j is short"


def test_a_password_is_found_in_an_address_only() -> None:
    assert password_in("redis://:a%20b@cache/0") == "a%20b"
    for address in ("redis://cache/0", "", "nonsense", "redis://[cache"):
        assert password_in(address) == ""


@pytest.mark.parametrize("as_text", [True, False])
def test_no_log_line_holds_a_secret(
    settings: Settings, as_text: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, heard = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level, structlog.get_config(), sys.excepthook
    monkeypatch.setattr(sys, "stderr", heard)
    if as_text:
        monkeypatch.setenv(logs.FORMAT_VARIABLE, "text")
    try:
        logs.configure("DEBUG", "test")
        logs.get_logger().info("event", value=settings.admin_token, inside={"url": settings.redis_url})
        logging.getLogger("library").warning("cannot connect to %s", settings.redis_url)
        try:
            raise ValueError(f"bad password {settings.neo4j_password!s}")
        except ValueError as fault:
            logs.get_logger().error("failed", exc_info=fault)
            logging.getLogger("library").exception("failed")
    finally:
        root.handlers[:], root.level = before[0], before[1]
        structlog.configure(**before[2])
        sys.excepthook = before[3]
    text = heard.getvalue()

    assert text.count(MASK) >= 5
    assert "Traceback" in text
    for secret in (*secrets_of(settings), json.dumps(settings.neo4j_password)[1:-1]):
        assert str(secret) not in text


def test_the_stack_of_a_dying_process_holds_none() -> None:
    code = (
        "from base import secret; secret.guard_crashes(); secret.remember('hush-hush-hush')\n"
        "raise RuntimeError('it is hush-hush-hush')"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert f"RuntimeError: it is {MASK}" in ended.stderr
