"""The commands and what their faults look like. Each command's module is imported when it runs: starts stay quick."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from base.errors import ConfigurationFault, KithError
from base.secret import guard_crashes, mask
from cli.exits import EXIT_CONFIGURATION, EXIT_FAULT

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"

app = typer.Typer(
    name="kith",
    help="A customer data platform on a graph: one person, one profile, live segments.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
jars_app = typer.Typer(help="The Neo4j jars in the user's cache.", no_args_is_help=True)
app.add_typer(jars_app, name="jars")


@app.command()
def run(
    procfile: Annotated[Path, typer.Option(help="the roles to run, one `name: command` a line")] = PROCFILE,
) -> None:
    """Start Neo4j and Valkey where none is named, then every role; stop all of it on Ctrl-C."""
    from cli.run import run as run_all

    raise typer.Exit(run_all(procfile))


@app.command()
def role(name: Annotated[str, typer.Argument(help="api, ingest, worker or analytics")]) -> None:
    """Run one role in this process, against the servers that the settings name."""
    from cli.role import run_role

    run_role(name)


@app.command()
def doctor() -> None:
    """Say in words what is wrong with versions, files, ports, memory and connections."""
    from cli.doctor import examine, show

    raise typer.Exit(show(examine()))


@app.command()
def status() -> None:
    """Show roles, lag, sizes of the graph and last errors of a running service."""
    from cli.status import show_status

    show_status()


@app.command()
def credentials() -> None:
    """Say where the keys of this deployment are."""
    from cli.credentials import show_credentials

    show_credentials()


@app.command()
def migrate() -> None:
    """Bring the graph's constraints and indexes up to date; running it twice changes nothing."""
    from cli.migrate import run_migrations

    run_migrations()


@jars_app.command("install")
def jars_install() -> None:
    """Fetch the jars that are not there yet; nothing to do when a Neo4j is named by NEO4J_URI."""
    from cli.jars import install

    install()


@jars_app.command("lock")
def jars_lock() -> None:
    """Resolve the jars anew and write local/neo4j.lock.toml; takes minutes."""
    from local.jars_lock import write_lock

    typer.echo(f"{write_lock()} jars")


def _mount_others() -> None:
    # Each of these brings commands of its own domain; `import_` because `import` is a word of the language.
    app.add_typer(importlib.import_module("cli.quarantine").app, name="quarantine")
    app.add_typer(importlib.import_module("cli.audit").app, name="audit")
    app.add_typer(importlib.import_module("cli.check").app, name="check")
    app.add_typer(importlib.import_module("cli.customer").app, name="customer")
    app.add_typer(importlib.import_module("cli.keys").app, name="keys")
    app.add_typer(importlib.import_module("cli.projection").app, name="projection")
    app.add_typer(importlib.import_module("cli.segment").app, name="segment")
    app.add_typer(importlib.import_module("cli.tag").app, name="tag")
    app.add_typer(importlib.import_module("cli.documents").app, name="documents")
    app.add_typer(importlib.import_module("cli.user").app, name="user")
    app.command("dictionary")(importlib.import_module("cli.dictionary").show_dictionary)
    app.command("import")(importlib.import_module("cli.import_").import_file)


def main() -> None:
    """Run the command; a fault that people can act on is two lines, without a stack."""
    guard_crashes()
    _mount_others()
    try:
        app(prog_name="kith")
    except ConfigurationFault as fault:
        _complain(str(fault), None)
        sys.exit(EXIT_CONFIGURATION)
    except ValidationError as fault:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in fault.errors())
        _complain(f"A setting cannot be used: {problems}", "docs/operating.md lists every setting.")
        sys.exit(EXIT_CONFIGURATION)
    except KithError as fault:
        _complain(fault.message, fault.hint)
        sys.exit(EXIT_FAULT)


def _complain(message: str, hint: str | None) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print("kith:", mask(message), markup=False)
    if hint:
        console.print("     ", mask(hint), markup=False)
