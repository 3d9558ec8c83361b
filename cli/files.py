"""What commands that read files of rows share: a bar that shows how far they are, and cells as texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ingest.imports.mapping import Csv
from ingest.imports.readers import Row, read_rows
from ingest.imports.values import text_of


@contextmanager
def bar_of(path: Path) -> Iterator[Callable[[float], None]]:
    """A bar on standard error; told how much is done, 0 to 1."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(escape(path.name), total=1.0)
        yield lambda done: bar.update(task, completed=done)


def rows_of(path: Path, columns: Sequence[str], layout: Csv) -> Iterator[Row]:
    """The rows of a file, with a bar that follows them."""
    with bar_of(path) as show:
        for row in read_rows(path, columns, layout):
            yield row
            show(row.done)


def text_in(value: object) -> str:
    """A cell as text; "" for what cannot be one, which is malformed."""
    try:
        return "" if value is None else text_of(value)
    except TypeError:
        return ""
