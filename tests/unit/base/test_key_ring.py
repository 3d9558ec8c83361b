"""Versions of the secret, and where they come from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from base import key_ring
from base.errors import ConfigurationFault
from base.key_ring import parse_ring, read_secret
from base.settings import load_settings

ONE, TWO, THREE = "0a" * 32, "0b" * 32, "0c" * 40


def test_hexadecimal_alone_is_version_1() -> None:
    assert parse_ring(ONE) == ({1: bytes.fromhex(ONE)}, 1)


@pytest.mark.parametrize("text", [f"1:{ONE}\n2:{TWO}\n", f"2:{TWO},1:{ONE}", f" 1:{ONE} ,\t2:{TWO} "])
def test_the_highest_version_is_current(text: str) -> None:
    ring = parse_ring(text)
    assert sorted(ring.secrets) == [1, 2]
    assert ring.current == 2


def test_a_version_can_be_there_before_it_is_current() -> None:
    ring = parse_ring(f"1:{ONE}\n2:{TWO}\ncurrent:1")
    assert (sorted(ring.secrets), ring.current) == ([1, 2], 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no key"),
        ("not-hexadecimal", "Version 1 .* hexadecimal"),
        ("0a0b", "Version 1 .* 32 bytes"),
        (f"{ONE} {TWO}", "Part 1 .* version"),
        (f"1:{ONE}\n1:{TWO}", "version 1 twice"),
        (f"0:{ONE}", "Part 1 .* version"),
        (f"256:{ONE}", "Part 1 .* version"),
        (f"-1:{ONE}", "Part 1 .* version"),
        (f"1:{ONE}\n2:{TWO[:20]}", "Version 2 .* 32 bytes"),
        (f"1:{ONE}\ncurrent:2", "version 2 as current"),
        (f"1:{ONE}\ncurrent:1\ncurrent:1", "Part 3"),
        ("current:1", "no key"),
    ],
)
def test_another_form_is_refused_and_the_text_tells_no_secret(text: str, told: str) -> None:
    with pytest.raises(ConfigurationFault, match=told) as caught:
        parse_ring(text)
    for secret in (ONE, TWO, TWO[:20], "not-hexadecimal", "0a0b"):
        assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_holds_the_secret(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"1:{ONE}\n2:{TWO}\n", encoding="ascii")
    assert parse_ring(read_secret("", str(path), "")).current == 2


def test_a_command_prints_the_secret_and_is_run_once_without_a_shell(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = f"open({str(ran)!r}, 'a').write('x'); print({ONE!r})"
    command = f'{sys.executable} -c "{program}" $(touch {tmp_path / "shell"}) ; touch {tmp_path / "shell"}'
    assert [read_secret("", "", command) for _ in range(3)] == [ONE] * 3
    assert ran.read_text(encoding="ascii") == "x"
    assert not (tmp_path / "shell").exists()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (f"print({ONE!r}); raise SystemExit(3)", "status 3"),
        ("print()", "nothing"),
        ("print('0' * 70_000)", "more than a key"),
        (f"import time; print({ONE!r}, flush=True); time.sleep(60)", "longer than 1 s"),
    ],
)
def test_a_command_that_gives_no_key_stops_the_start_and_what_it_printed_is_not_told(
    monkeypatch: pytest.MonkeyPatch, program: str, told: str
) -> None:
    monkeypatch.setattr(key_ring, "COMMAND_TIMEOUT_S", 1)
    with pytest.raises(ConfigurationFault, match=told) as caught:
        read_secret("", "", f'{sys.executable} -c "{program}"')
    assert ONE not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("command", ["/no/such/program", 'an "open quote'])
def test_a_command_that_cannot_run_stops_the_start(command: str) -> None:
    with pytest.raises(ConfigurationFault, match="cannot run"):
        read_secret("", "", command)


def test_a_file_that_is_not_there_stops_the_start_and_so_do_two_sources(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="KITH_SECRET_KEY_FILE cannot be read"):
        read_secret("", str(tmp_path / "none"), "")
    with pytest.raises(ConfigurationFault, match="one of KITH_SECRET_KEY_FILE and KITH_SECRET_KEY_COMMAND"):
        read_secret("", str(tmp_path), "true")


def test_settings_hold_what_the_source_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials.env").write_text(f"KITH_SECRET_KEY={TWO}\n", encoding="ascii")
    (tmp_path / "secret").write_text(f"{ONE}\n", encoding="ascii")
    monkeypatch.setenv("KITH_DATA_DIR", str(tmp_path))
    assert load_settings().secret_key == TWO
    monkeypatch.setenv("KITH_SECRET_KEY_FILE", str(tmp_path / "secret"))
    assert load_settings().secret_key == ONE
