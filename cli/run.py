"""`kith run`: everything on one machine, in order, under one Ctrl-C.

Local servers first, then the schema, then the roles of the Procfile. honcho runs the roles and prints their lines; it
stops all of them as soon as one ends, so each runs under a guard that starts it again instead (a worker of arq, for
one, ends whenever Redis goes away). Only a role that says that its settings are wrong ends for good, and the run too.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import honcho.manager  # type: ignore[import-untyped]
from honcho.environ import parse_procfile  # type: ignore[import-untyped]
from rich.console import Console

from base import logs
from base.errors import ConfigurationFault
from base.settings import Settings, load_settings
from cli.exits import EXIT_CONFIGURATION
from cli.jars import jar_progress
from cli.migrate import migrate_graph
from local.directory import DataDirectory, is_free
from local.memory import size_neo4j, usable_bytes
from local.process import guard_command
from local.services import LocalServices

ROOT = Path(__file__).resolve().parent.parent
# An ingest worker finishes its micro-batch, an API its requests; nothing is lost when they are killed instead.
ROLE_GRACE_S = 10.0
# honcho kills what is left after its own 5 s; the guards need theirs.
honcho.manager.KILL_WAIT = ROLE_GRACE_S + 2
# Roles without HTTP show their metrics on ports of their own.
METRICS_ROLES = ("ingest", "worker", "analytics")
EXIT_INTERRUPTED = frozenset({0, 128 + signal.SIGINT, 128 + signal.SIGTERM})


def run(procfile: Path) -> int:
    """Start everything and stay until Ctrl-C, SIGTERM or a fault of the settings.

    Args:
        procfile: the roles, one `name: command` a line.

    Returns:
        The exit status: 0 after an orderly stop.
    """
    # Until honcho takes over, SIGTERM must unwind the stack so that servers that are up already are stopped.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    settings = load_settings()
    console = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(text: str) -> None:
        console.print(f"kith: {text}", markup=False)

    services = LocalServices(
        settings.data_dir,
        dict(os.environ),
        memory=size_neo4j(usable_bytes(), settings.local_memory_mb),
        appendfsync=settings.appendfsync,
        say=say,
    )
    try:
        _check_port(settings)
        with jar_progress() as progress:
            values = services.start(progress)
        _export(values, services.directory)
        asyncio.run(migrate_graph(load_settings()))
        return _run_roles(procfile, services.directory)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        services.stop()
        say("stopped")


def _check_port(settings: Settings) -> None:
    if not is_free(settings.port):
        raise ConfigurationFault(
            f"Port {settings.port} is in use. Stop what uses it, or set KITH_PORT to another port."
        )


def _export(values: dict[str, str], directory: DataDirectory) -> None:
    """The roles read their settings from the environment that they inherit."""
    os.environ.update(values)
    os.environ["KITH_DATA_DIR"] = str(directory.path)
    os.environ.setdefault("KITH_MODE", "local")
    if sys.stdout.isatty():
        os.environ.setdefault(logs.FORMAT_VARIABLE, "text")


def _run_roles(procfile: Path, directory: DataDirectory) -> int:
    manager = honcho.manager.Manager()
    roles = parse_procfile(procfile.read_text(encoding="utf-8")).processes
    metrics_ports: dict[str, int] = {}
    for name, command in roles.items():
        environment = dict(os.environ)
        if name in METRICS_ROLES and not environment.get("KITH_METRICS_PORT"):
            metrics_ports[name] = directory.port(f"{name}_metrics")
            environment["KITH_METRICS_PORT"] = str(metrics_ports[name])
        guarded = guard_command(name, shlex.split(command), grace_s=ROLE_GRACE_S)
        manager.add_process(name, f"exec {shlex.join(guarded)}", env=environment, cwd=str(ROOT))
    # A process of its own: honcho forks, and a fork beside a running thread can hang.
    ports = [f"{name}={port}" for name, port in metrics_ports.items()]
    announcer = subprocess.Popen([sys.executable, "-m", "cli.announce", *ports], cwd=ROOT)
    try:
        manager.loop()
    finally:
        announcer.terminate()
        announcer.wait()
    status = int(manager.returncode or 0)
    if status == EXIT_CONFIGURATION:
        return status
    return 0 if status in EXIT_INTERRUPTED else 1
