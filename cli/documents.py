"""`kith documents`: the list of GraphQL documents that a deployment runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from graphql import GraphQLError, parse

from base.errors import BadInput

app = typer.Typer(help="GraphQL documents that are trusted.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, though it has one command so far."""


@app.command("hash")
def hash_(
    files: Annotated[list[Path], typer.Argument(help="one document each", exists=True, dir_okay=False)],
) -> None:
    """Print the file for KITH_TRUSTED_DOCUMENTS: the SHA-256 of each document, and its text."""
    typer.echo(listed(files))


def listed(files: list[Path]) -> str:
    """The list of the documents in some files, as JSON.

    Raises:
        BadInput: one of them is no GraphQL document.
    """
    from schema.execution.trusted import read_documents

    for file in files:
        try:
            parse(file.read_text(encoding="utf-8"))
        except (GraphQLError, UnicodeDecodeError) as fault:
            raise BadInput(f"{file} is no GraphQL document: {str(fault).splitlines()[0]}") from None
    return msgspec.json.format(msgspec.json.encode(read_documents(files)), indent=2).decode()
