"""Options that several commands share, and the surroundings a command runs in."""

from __future__ import annotations

import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opensession.console import Console, ask, can_ask
from opensession.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--json``, ``--quiet`` and ``--verbose``; it receives a ``console``."""

    @wraps(command)
    def wrapped(*args: Any, as_json: bool, quiet: bool, verbose: bool, **kwargs: Any) -> Any:
        return command(*args, console=Console(as_json=as_json, quiet=quiet, verbose=verbose), **kwargs)

    options = (
        click.option("-v", "--verbose", is_flag=True, help="Say more on stderr."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    )
    for option in options:
        wrapped = option(wrapped)
    return wrapped


repo_option = click.option(
    "--repo",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Use the repository at DIR (bare ones too) instead of the one around here.",
)

yes_option = click.option("-y", "--yes", is_flag=True, help="Answer every question with yes.")


def confirm(question: str, *, yes: bool, instead: str) -> bool:
    """Whether the user agrees; without a terminal nobody is asked.

    Args:
        question: What is about to happen.
        yes: ``--yes`` was given.
        instead: What to add to the command line when nobody can be asked.

    Raises:
        UsageError: There is no terminal to ask on.
    """
    if yes:
        return True
    if not can_ask():
        raise UsageError(question.rstrip("?") + ": not done without a terminal to ask on", hint=instead)
    sys.stdout.flush()
    return ask(question)


def moment(text: str) -> int:
    """A day or time that a user typed, in nanoseconds since 1970.

    Raises:
        UsageError: It is none.
    """
    from opensession.hail import times  # noqa: PLC0415 - few commands are asked for a time

    try:
        return times.parse(text)
    except ValueError as error:
        hint = "Write it like 2026-03-01 or 2026-03-01T09:30Z."
        raise UsageError(f"--since {text}: not a date", hint=hint) from error
