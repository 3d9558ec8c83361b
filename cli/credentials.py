"""Tells where the keys are; shows none."""

from __future__ import annotations

import os

from rich.console import Console
from rich.table import Table

from base.settings import CREDENTIALS_FILE, load_settings
from local.environment import read_file

PURPOSES = {
    "KITH_WRITE_KEY": "sends calls to the tracking API",
    "KITH_ADMIN_TOKEN": "opens /graphql",
    "KITH_SECRET_KEY": "opens all personal data; without a copy of it a backup is worthless",
}


def show_credentials() -> None:
    """One line a key: where its value comes from, and what it is for."""
    path = load_settings().data_dir.resolve() / CREDENTIALS_FILE
    kept = read_file(path)
    table = Table(box=None)
    for heading in ("key", "where", "what for"):
        table.add_column(heading)
    for name, purpose in PURPOSES.items():
        found = str(path) if name in kept else "nowhere yet: the first `make run` generates it"
        table.add_row(name, "the environment" if os.environ.get(name) else found, purpose)
    Console(soft_wrap=True).print(table)
