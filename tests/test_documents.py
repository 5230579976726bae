"""The documents say what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

import gitstore
import opensession
import web
from opensession.agents import AGENTS, Entry
from opensession.cli import COMMANDS
from opensession.commands import docs
from opensession.config import SETTINGS
from opensession.handoff.formats import FORMATS
from web.access import Access
from web.api import openapi, routes_of
from web.settings import SETTINGS as SERVER_SETTINGS
from web.settings import from_environment

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text()


@pytest.mark.parametrize("words", COMMANDS)
def test_the_readme_has_every_command_and_no_other(words: str) -> None:
    named = re.findall(r"^\| `opensession ((?:[a-z-]+ ?)+)", README, re.MULTILINE)

    assert f"| `opensession {words}" in README
    assert {name.strip() for name in named} == set(COMMANDS)


@pytest.mark.parametrize(("name", "meaning"), SETTINGS)
def test_the_readme_has_every_setting(name: str, meaning: str) -> None:
    assert f"| `{name}` | {meaning} |" in README


def test_the_readme_has_the_table_of_agents() -> None:
    described = [(entry, entry.load().ABOUT) for entry in AGENTS]

    for line in docs.markdown_lines([docs.cells(entry, about) for entry, about in described]):
        assert line in README


@pytest.mark.parametrize("entry", AGENTS, ids=lambda entry: entry.name)
def test_the_page_of_agents_has_every_agent(entry: Entry) -> None:
    assert f"| {entry.title} |" in (TOP / "docs/agents.md").read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_the_readme_has_every_format(name: str) -> None:
    assert f"`{name}`" in README


def rows(document: str, heading: str) -> list[list[str]]:
    """The cells of every table below a heading that begins so, up to the next one of its level."""
    text = (TOP / document).read_text()
    part = re.split(rf"^{re.escape(heading)}\b.*$", text, maxsplit=1, flags=re.MULTILINE)[1]
    level = heading.split(" ", 1)[0]
    part = re.split(rf"^{level} ", part, maxsplit=1, flags=re.MULTILINE)[0]
    lines = re.findall(r"^\|(.+)\|$", part, re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]


def test_self_hosting_has_every_setting_with_its_default_and_meaning() -> None:
    _, _, *table = rows("docs/self-hosting.md", "## Settings")

    assert table == [
        [f"`{name}`", f"`{default}`" if default else "-", means] for name, default, means in SERVER_SETTINGS
    ]


def test_the_defaults_of_the_table_are_those_of_the_server() -> None:
    given = {name: default for name, default, _ in SERVER_SETTINGS if default} | {"JWT_SECRET": "s" * 32}
    bare = from_environment({"JWT_SECRET": "s" * 32})

    assert from_environment(given | {"BASE_URL": ""}) == from_environment(
        {"JWT_SECRET": "s" * 32, "OPENSESSION_HOST": ""}
    )
    assert from_environment(given).base_url == bare.base_url


def test_the_page_of_the_api_has_every_route_with_its_callers_and_statuses() -> None:
    routes = routes_of(from_environment({"JWT_SECRET": "s" * 32}))
    paths = openapi.document(routes)["paths"]

    described = [row[:4] for row in rows("docs/api.md", "## Routes") if row[0].isupper() and row[0] != "-"]

    expected = [
        [
            route.method,
            f"`/api{route.path}`",
            route.access.name.lower(),
            " ".join(paths[f"/api{route.path}"][route.method.lower()]["responses"]),
        ]
        for route in routes
    ]
    assert sorted(described) == sorted(expected)


def test_the_page_of_the_api_says_who_may() -> None:
    words = {row[0] for row in rows("docs/api.md", "## Routes") if len(row) == 2}

    assert {access.name.lower() for access in Access} <= words


@pytest.mark.parametrize("package", [opensession, gitstore, web], ids=lambda package: package.__name__)
def test_the_architecture_names_every_room_and_no_other(package: ModuleType) -> None:
    text = (TOP / "ARCHITECTURE.md").read_text()
    folder = Path(str(package.__file__)).parent
    rooms = {path.name for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    part = re.split(rf"^{package.__name__}/$", text, maxsplit=1, flags=re.MULTILINE)[1]
    part = re.split(r"^\S", part, maxsplit=1, flags=re.MULTILINE)[0]
    named = set(re.findall(r"[\w/]+(?:\.py)?", part))

    assert sorted(room for room in rooms - {"__init__.py"} if not {room, f"{room}/"} & named) == []
    assert sorted(name for name in named if name.endswith(".py") and name not in rooms | {"__init__.py"}) == []


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*TOP.glob("*.md"), *TOP.glob("docs/*.md"), TOP / "web/README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
        for anchor in re.findall(r"\]\(#([^)]+)\)", document.read_text()):
            headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings], f"{document.name}: {anchor}"


def test_every_variable_that_a_document_names_exists() -> None:
    known = {name for name, *_ in (*SERVER_SETTINGS, *SETTINGS)} | {"OPENSESSION_BASE_URL"}
    for document in [*TOP.glob("*.md"), *TOP.glob("docs/*.md"), *TOP.glob("web/pages/*.md")]:
        named = set(re.findall(r"\bOPENSESSION_[A-Z_]+\b", document.read_text()))
        assert named <= known, f"{document.name}: {sorted(named - known)}"


def test_every_command_for_who_runs_a_server_is_described() -> None:
    text = (TOP / "docs/self-hosting.md").read_text()

    assert {f"admin {word}" for word in re.findall(r"`opensession admin ([a-z-]+)", text)} == {
        words for words in COMMANDS if words.startswith("admin ")
    }


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    for document in [*TOP.glob("*.md"), *TOP.glob("docs/*.md")]:
        assert set(re.findall(r"`?make ([a-z]+)`", document.read_text())) <= targets
