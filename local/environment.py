"""Two files of settings in the data directory: what was generated once, and where the running local servers are."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from base.settings import CREDENTIALS_FILE, RUNTIME_FILE
from local.directory import write_private

# 256 bits for the secret behind all keys; 192 for the two tokens, which are compared and not derived from.
SECRET_BYTES = 32
TOKEN_BYTES = 24


def complete_credentials(data_dir: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Generate the keys that neither the environment nor the file has, and keep them in the file.

    Returns:
        The file's content, name → value. Names that the environment sets are not generated, nor is a
        secret that comes from elsewhere.
    """
    path = data_dir / CREDENTIALS_FILE
    kept = read_file(path)
    makers: dict[str, Callable[[], str]] = {
        "KITH_WRITE_KEY": lambda: "wk_" + secrets.token_urlsafe(TOKEN_BYTES),
        "KITH_ADMIN_TOKEN": lambda: "adm_" + secrets.token_urlsafe(TOKEN_BYTES),
        "KITH_SECRET_KEY": lambda: secrets.token_hex(SECRET_BYTES),
    }
    if any(environment.get(f"KITH_SECRET_KEY_{source}") for source in ("FILE", "COMMAND")):
        del makers["KITH_SECRET_KEY"]
    missing = {name for name in makers if not environment.get(name) and name not in kept}
    if missing:
        kept |= {name: make() for name, make in makers.items() if name in missing}
        write_file(
            path,
            kept,
            "Generated at the first start. KITH_SECRET_KEY opens all personal data: keep a copy of it.",
        )
    return kept


def write_runtime(data_dir: Path, values: Mapping[str, str]) -> None:
    """Note where the local servers are, for other commands on the same data directory."""
    write_file(data_dir / RUNTIME_FILE, values, "Written at every start, removed at every stop.")


def remove_runtime(data_dir: Path) -> None:
    """Forget the local servers; harmless when there is no note."""
    (data_dir / RUNTIME_FILE).unlink(missing_ok=True)


def read_file(path: Path) -> dict[str, str]:
    """Name → value of a settings file; empty when there is none."""
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def write_file(path: Path, values: Mapping[str, str], comment: str) -> None:
    """Replace a settings file, readable for its owner only."""
    body = "".join(f"{name}={value}\n" for name, value in values.items())
    write_private(path, f"# {comment}\n{body}")
