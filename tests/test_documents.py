"""The documents say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gitstore
import opensession
from opensession.agents import AGENTS, Entry
from opensession.cli import COMMANDS
from opensession.commands import docs
from opensession.config import SETTINGS
from opensession.handoff.formats import FORMATS

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


@pytest.mark.parametrize("package", [opensession, gitstore], ids=lambda package: package.__name__)
def test_the_architecture_names_every_room(package: object) -> None:
    text = (TOP / "ARCHITECTURE.md").read_text()
    folder = Path(str(package.__file__)).parent  # type: ignore[attr-defined]
    rooms = [path.name for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]

    missing = [room for room in rooms if room != "__init__.py" and room not in text]
    assert missing == []


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*TOP.glob("*.md"), *TOP.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    for document in [*TOP.glob("*.md"), *TOP.glob("docs/*.md")]:
        assert set(re.findall(r"`?make ([a-z]+)`", document.read_text())) <= targets
