"""``/docs`` and ``/llms.txt``: written by us, true, and the same for people and programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from web import manual
from web.api import routes_of

if TYPE_CHECKING:
    from tests.web.conftest import TeamServer

_CACHE = "public, max-age=3600"
_ROUTE = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s`?]*)")


def test_the_manual_for_people(team_server: TeamServer) -> None:
    answer = team_server.app.test_client().get("/docs", headers={"Accept": "text/html,*/*"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["Cache-Control"] == _CACHE
    assert "Accept" in answer.headers["Vary"]
    text = answer.get_data(as_text=True)
    assert "<h2>Sessions</h2>" in text
    assert "<script" not in text


def test_the_manual_for_programs(team_server: TeamServer) -> None:
    answer = team_server.app.test_client().get("/docs", headers={"Accept": "text/markdown, text/html;q=0.5"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    assert answer.headers["Cache-Control"] == _CACHE
    assert answer.get_data(as_text=True) == manual.manual()


def test_the_page_for_models(team_server: TeamServer) -> None:
    client = team_server.app.test_client()
    answer = client.get("/llms.txt")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    assert answer.headers["Cache-Control"] == _CACHE
    for path in re.findall(r"\]\((/[^)]*)\)", answer.get_data(as_text=True)):
        assert client.get(path).status_code == 200
    assert client.head("/llms.txt").status_code == 200
    assert client.post("/llms.txt").status_code == 405


@pytest.mark.parametrize("text", [manual.manual(), manual.for_models()], ids=["manual", "llms"])
def test_every_route_that_is_named_exists(team_server: TeamServer, text: str) -> None:
    known = {(route.method, shape("/api" + route.path)) for route in routes_of(team_server.settings)}

    named = [(method, shape(path)) for method, path in _ROUTE.findall(text) if path.startswith("/api")]
    assert named
    assert set(named) <= known


def shape(path: str) -> str:
    """A path with its parameters left open: ``{id}``, or ``ID`` as the manual writes it."""
    return re.sub(r"\{\w+\}|\b(ID|TEAM)\b", "*", path)
