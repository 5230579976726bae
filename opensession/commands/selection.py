"""From what a user typed to sessions: the library around a command, and the one session a reference means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import refs, workspace
from opensession.config import load
from opensession.errors import UsageError
from opensession.library import Library
from opensession.source import parts_of

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.console import Console
    from opensession.library import Selected


def library(repo: Path | None) -> Library:
    """What references are resolved in: the repository named, or the one around here, or none.

    Raises:
        UsageError: The folder named is in no repository.
    """
    around = workspace.locate(repo)
    if repo is not None and around.store is None:
        raise UsageError(f"{repo} is not a git repository", hint="Run `git init` there first.")
    return Library(around.store, around.directory, around.top, load(around.top).privacy)


def parse(text: str) -> refs.Ref:
    """What a reference means; a word that is both a file and an id is the file.

    Raises:
        UsageError: It is no reference.
    """
    return refs.parse(text, lambda word: parts_of(word)[0].is_file())


def one(reference: str, repo: Path | None, console: Console) -> Selected:
    """The one session a reference means; notes go to the console.

    Raises:
        UsageError: It means several, or is no reference.
        NothingFoundError: Nothing answers to it.
    """
    around = library(repo)
    found = around.select(parse(reference))
    for note in around.notes:
        console.note(f"note: {note}")
    if len(found) > 1:
        raise UsageError(f"{reference} means {len(found)} sessions", hint=f"Use HEAD^N for one of them. {refs.GRAMMAR}")
    return found[0]
