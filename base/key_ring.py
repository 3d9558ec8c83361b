"""The versions of the secret: their text, and where it comes from."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from base.errors import ConfigurationFault

MIN_SECRET_BYTES = 32
# A version is one byte in front of every ciphertext; 0 stands for none.
MAX_VERSION = 255
# A secret store that does not answer by then stops the start rather than hold it up for ever.
COMMAND_TIMEOUT_S = 10
# Hundreds of versions; more is another file.
MAX_RING_BYTES = 65_536
_BETWEEN = re.compile(r"[\s,]+")
_CURRENT = "current"


class Ring(NamedTuple):
    """Secrets by version, and the version that new values are encrypted with."""

    secrets: Mapping[int, bytes]
    current: int


def parse_ring(text: str) -> Ring:
    """The versions that a text names: hexadecimal alone is version 1; else `version:secret`, and at most one
    `current:version`, divided by commas or white space.

    Raises:
        ConfigurationFault: none of these, a version or its number twice, or a secret of less than 32 bytes. The text
            tells nothing of a secret.
    """
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) == 1 and ":" not in parts[0]:
        parts = [f"1:{parts[0]}"]
    secrets: dict[int, bytes] = {}
    current: int | None = None
    for place, part in enumerate(parts, 1):
        name, _, value = part.partition(":")
        if name == _CURRENT and current is None:
            current = _version(value, place)
        else:
            version = _version(name, place)
            if version in secrets:
                raise ConfigurationFault(f"KITH_SECRET_KEY has version {version} twice.")
            secrets[version] = _secret(value, version)
    if not secrets:
        raise ConfigurationFault("KITH_SECRET_KEY holds no key.")
    if current is None:
        current = max(secrets)
    elif current not in secrets:
        raise ConfigurationFault(f"KITH_SECRET_KEY names version {current} as current and does not hold it.")
    return Ring(secrets, current)


def secrets_in(text: str) -> list[str]:
    """The secrets in a text as they are written there, whether or not it is a ring."""
    return [part.rpartition(":")[2] for part in _BETWEEN.split(text) if part]


def _version(text: str, place: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_VERSION):
        raise ConfigurationFault(
            f"Part {place} of KITH_SECRET_KEY begins with no version: write `version:hexadecimal`, versions from 1 to "
            f"{MAX_VERSION}."
        )
    return int(text)


def _secret(text: str, version: int) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        # Not chained: the fault of fromhex tells a place, and its traceback the text.
        raise ConfigurationFault(f"Version {version} of KITH_SECRET_KEY must be hexadecimal.") from None
    if len(secret) < MIN_SECRET_BYTES:
        raise ConfigurationFault(f"Version {version} of KITH_SECRET_KEY must have at least {MIN_SECRET_BYTES} bytes.")
    return secret


def read_secret(secret: str, file: str, command: str) -> str:
    """The text of the ring; "" when no source is set.

    Args:
        secret: the text itself, where neither of the others is set.
        file: that holds it.
        command: that prints it, run once a process and without a shell; what it prints is told to nobody.

    Raises:
        ConfigurationFault: file and command are both set, or the one that is set gives nothing.
    """
    sources = {"KITH_SECRET_KEY_FILE": file, "KITH_SECRET_KEY_COMMAND": command}
    named = [name for name, value in sources.items() if value]
    if len(named) > 1:
        raise ConfigurationFault(f"Set one of {' and '.join(named)}.")
    if file:
        return _found("KITH_SECRET_KEY_FILE", _from_file(Path(file)))
    if command:
        return _found("KITH_SECRET_KEY_COMMAND", _from_command(command))
    return secret


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_RING_BYTES + 1)
    except OSError as fault:
        raise ConfigurationFault(f"KITH_SECRET_KEY_FILE cannot be read ({type(fault).__name__}).") from fault


@cache
def _from_command(command: str) -> bytes:
    try:
        done = subprocess.run(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as fault:
        # Not chained: a time-out carries what the command has printed so far.
        reason = (
            f"took longer than {COMMAND_TIMEOUT_S} s" if isinstance(fault, subprocess.TimeoutExpired) else "cannot run"
        )
        raise ConfigurationFault(f"KITH_SECRET_KEY_COMMAND {reason}.") from None
    if done.returncode:
        raise ConfigurationFault(f"KITH_SECRET_KEY_COMMAND ended with status {done.returncode}.")
    return done.stdout


def _found(name: str, content: bytes) -> str:
    text = content.decode("ascii", "replace").strip()
    if not text or len(content) > MAX_RING_BYTES:
        raise ConfigurationFault(f"{name} gives {'nothing' if not text else 'more than a key'}.")
    return text
