"""Fetches the Neo4j jars with a progress bar."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local import jars


def install() -> None:
    """Fetch what is missing. Nothing is needed when `NEO4J_URI` names a server."""
    if os.environ.get("NEO4J_URI") or jars.is_installed():
        return
    with jar_progress() as progress:
        jars.install(progress)


@contextmanager
def jar_progress() -> Iterator[jars.Progress]:
    """A bar on the terminal that shows from the first call on; a plain line where there is no terminal."""
    columns = (TextColumn("fetching Neo4j (135 MB, once)"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("jars", total=None, visible=False)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        yield show
