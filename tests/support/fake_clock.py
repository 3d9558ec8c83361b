"""Time that passes only when a test says so."""

from __future__ import annotations

START_MS = 1_800_000_000_000


class FakeClock:
    """Stands for `clock.now_ms`; set `ms`."""

    def __init__(self) -> None:
        self.ms = START_MS

    def __call__(self) -> int:
        return self.ms
