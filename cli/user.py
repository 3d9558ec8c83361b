"""`kith user`: who may sign in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from access.passwords import MAX_CHARS, Hasher
from access.phones import parse_phone, phone_index
from access.principal import ADMIN_TOKEN
from access.users import MadeUser, Users
from base.clock import iso
from base.errors import BadInput, NotFound
from base.keys import Keyring
from base.settings import load_settings
from cli.recorded import command_entry, run_recorded
from graph.client import GraphClient
from graph.repositories.user import UserRecord, UserRepository

T = TypeVar("T")

app = typer.Typer(help="Who may sign in.", no_args_is_help=True)

Phone = Annotated[str, typer.Argument(help="With its country code, e.g. +8613800138000.")]


class _Desk:
    """What the commands work with."""

    def __init__(self, graph: GraphClient, keyring: Keyring, region: str):
        self.users = Users(graph, keyring, Hasher(), region)
        self.rows = UserRepository(graph)
        self._keyring = keyring
        self._region = region

    async def find(self, phone: str) -> UserRecord:
        """The user of a phone number.

        Raises:
            BadInput: it is no phone number.
            NotFound: it is nobody's.
        """
        found = await self.rows.find_by_phone(phone_index(self._keyring, parse_phone(phone, self._region)))
        if found is None:
            raise NotFound("There is no user of this phone number.", hint="`kith user list` lists them.")
        return found


@app.command()
def create(
    phone: Phone,
    name: Annotated[str, typer.Option(help="As others see it.")],
    role: Annotated[list[str], typer.Option(help="administrator, operator, …; more than once for several.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the first password from standard input.")
    ] = False,
) -> None:
    """Let somebody sign in; the first password has to be changed at the first sign-in."""
    password = sys.stdin.readline(MAX_CHARS + 2).rstrip("\r\n") if password_stdin else None
    made = _run(lambda desk: desk.users.create(ADMIN_TOKEN, phone, name, role, password), "user create")
    _show(made, shown=not password_stdin)


@app.command()
def reset(phone: Phone) -> None:
    """Make a new first password, without second factor; all sessions of the user end."""

    async def work(desk: _Desk) -> MadeUser:
        return await desk.users.reset_password(ADMIN_TOKEN, (await desk.find(phone)).id)

    _show(_run(work, "user reset", _id_of(phone)), shown=True)


@app.command()
def disable(phone: Phone) -> None:
    """Let somebody sign in no more; all their sessions end within seconds."""

    async def work(desk: _Desk) -> UserRecord:
        return await desk.users.disable(ADMIN_TOKEN, (await desk.find(phone)).id)

    _run(work, "user disable", _id_of(phone))


@app.command()
def enable(phone: Phone) -> None:
    """Let somebody sign in again."""

    async def work(desk: _Desk) -> UserRecord:
        return await desk.users.enable(ADMIN_TOKEN, (await desk.find(phone)).id)

    _run(work, "user enable", _id_of(phone))


@app.command("list")
def list_users() -> None:
    """List all users."""

    async def work(desk: _Desk) -> list[tuple[UserRecord, str]]:
        return [(user, desk.users.phone_of(user)) for user in await desk.rows.list_all()]

    table = Table(box=None)
    for heading in ("id", "phone", "name", "roles", "status", "last sign-in"):
        table.add_column(heading)
    for user, phone in _run(work):
        last = "never" if user.last_sign_in_at is None else iso(user.last_sign_in_at)
        table.add_row(user.id, phone, escape(user.name), ", ".join(user.roles), user.status, last)
    Console(soft_wrap=True).print(table)


def _show(made: MadeUser, *, shown: bool) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(made.user.id, escape(made.user.name))
    if shown:
        console.print("first password, shown this once:", made.first_password)


def _id_of(phone: str) -> str | None:
    """Whom the log names: it holds no phone number. Without one the command is refused, and logged as that."""
    try:
        return _run(lambda desk: desk.find(phone)).id
    except (BadInput, NotFound):
        return None


def _run(work: Callable[[_Desk], Awaitable[T]], action: str | None = None, about: str | None = None) -> T:
    """Args:
    action: under which it stands in the operation log; None for what changes nothing.
    about: id of the user whom it changes.
    """
    settings = load_settings()

    async def run() -> T:
        graph = GraphClient.of(settings)
        try:
            return await work(_Desk(graph, Keyring(settings.secret_key), settings.phone_region))
        finally:
            await graph.close()

    if action is None:
        return asyncio.run(run())
    return run_recorded(settings, command_entry("access", action, about), run)
