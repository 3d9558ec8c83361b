"""Waits until the API answers, then prints where everything is: `python -m cli.announce [role=metrics port …]`."""

from __future__ import annotations

import sys
import time

import httpx

from base.settings import CREDENTIALS_FILE, load_settings

WAIT_S = 60.0
POLL_S = 0.2


def main() -> None:
    """Print once; a service that is not ready in time gets the same lines and a warning."""
    settings = load_settings()
    base = f"http://{settings.host}:{settings.port}"
    ready = _wait_until_ready(f"{base}/readyz")
    lines = [
        "Kith is ready."
        if ready
        else f"Kith is not ready after {WAIT_S:.0f} s: see the lines above, or `kith doctor`.",
        f"  GraphQL       {base}/graphql",
        f"  tracking API  {base}/v1/batch",
        f"  metrics       {base}/metrics",
        *(f"                http://127.0.0.1:{port}/metrics ({name})" for name, port in _metrics_ports()),
        f"  keys          {settings.data_dir.resolve() / CREDENTIALS_FILE}",
        "  Ctrl-C stops everything.",
    ]
    print("\n" + "\n".join(lines) + "\n", flush=True)


def _metrics_ports() -> list[tuple[str, str]]:
    pairs = (argument.partition("=") for argument in sys.argv[1:])
    return [(name, port) for name, _, port in pairs]


def _wait_until_ready(url: str) -> bool:
    deadline = time.monotonic() + WAIT_S
    with httpx.Client(timeout=2.0, trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                if client.get(url).status_code == httpx.codes.OK:
                    return True
            except httpx.HTTPError:
                pass
            time.sleep(POLL_S)
    return False


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
