"""`kith doctor`: looks at everything that a deployment stands on and says in words what is wrong and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape

from base import logs
from base.secret import mask
from base.settings import Settings, load_settings
from cli import doctor_machine, doctor_security, doctor_servers
from cli.findings import Finding, Level

MARKS = {Level.OK: "[green]ok  [/green]", Level.WARNING: "[yellow]warn[/yellow]", Level.FAULT: "[red]FAULT[/red]"}


def examine() -> list[Finding]:
    """All findings, the machine's first. Reads files, opens connections, changes nothing."""
    settings = load_settings()
    # What went wrong is told as findings; log lines in between would only repeat it.
    logs.configure("CRITICAL", "cli")
    return [*_machine(settings), *doctor_security.examine(settings), *asyncio.run(doctor_servers.examine(settings))]


def show(findings: list[Finding], console: Console | None = None) -> int:
    """Print one line a finding, and what to do below each that is not fine.

    Returns:
        The exit status: 1 when there is a fault, warnings alone give 0.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(MARKS[finding.level], escape(mask(f"{finding.subject}: {finding.text}")))
        if finding.advice and finding.level is not Level.OK:
            console.print("      →", escape(finding.advice))
    faults = sum(finding.level is Level.FAULT for finding in findings)
    console.print("No fault found." if not faults else f"{faults} fault{'s' if faults > 1 else ''} found.")
    return 1 if faults else 0


def _machine(settings: Settings) -> Iterator[Finding]:
    checks: tuple[Callable[[Settings], Finding], ...] = (
        doctor_machine.python,
        doctor_machine.packages,
        doctor_machine.java,
        doctor_machine.jars,
        doctor_machine.port,
        doctor_machine.disk,
        doctor_machine.memory,
        doctor_machine.keys,
    )
    for check in checks:
        yield check(settings)
