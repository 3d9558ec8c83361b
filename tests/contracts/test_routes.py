"""Who may use each HTTP route is said in docs/security.md."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from base.settings import Settings
from graph.client import GraphClient
from schema.execution.rights_table import PAGE
from server import create_app

ROW = re.compile(r"^\| `(/[^`]*)`[^|]*\| *([^|]+?) *\|$", re.MULTILINE)


def test_the_table_of_routes_is_the_one_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing is asked of Neo4j, and a driver would have to be closed.
    monkeypatch.setattr(GraphClient, "of", lambda _settings: SimpleNamespace())
    settings = {"KITH_WRITE_KEY": "w", "KITH_ADMIN_TOKEN": "a", "KITH_SECRET_KEY": "0f" * 32}
    app = create_app(Settings.model_validate(settings))
    page = PAGE.read_text(encoding="utf-8").partition("## HTTP routes")[2].partition("\n## ")[0]
    assert set(dict(ROW.findall(page))) == {route.path for route in app.routes}
