"""Options that name the team server, and the account they mean."""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from opensession.console import can_ask
from opensession.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.config import Server
    from opensession.credentials import Account

FROM_INPUT = "-"
"""Instead of a key: it is read, so that it stands neither in the shell's history nor in the list of processes."""

_LONGEST_KEY = 4096


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--server``, ``--api-key`` and ``--team``; it receives ``flags``."""

    @wraps(command)
    def wrapped(*args: Any, server: str, api_key: str, team: str, **kwargs: Any) -> Any:
        from opensession.config import Server  # noqa: PLC0415 - what only shows help does not need it

        return command(*args, flags=Server(server.strip(), key_of(api_key), team.strip()), **kwargs)

    options = (
        click.option("--team", metavar="ID", default="", help="The team on the server; personal is your own space."),
        click.option("--api-key", metavar="KEY", default="", help="The key for the server; - reads it."),
        click.option("--server", metavar="URL", default="", help="The team server, instead of the configured one."),
    )
    for option in options:
        wrapped = option(wrapped)
    return wrapped


def account_for(flags: Server, *, to_git: bool, dry_run: bool) -> Account | None:
    """The account to upload with, or None for git.

    Args:
        flags: What the command line says of the server.
        to_git: ``--git`` was given.
        dry_run: Nothing will be sent, so no key is needed.

    Raises:
        UsageError: Both are asked for, or there is no server.
        AuthenticationError: There is no key.
    """
    from opensession.config import Server, load  # noqa: PLC0415

    if to_git:
        if flags != Server():
            raise UsageError("--git stores in a repository, not on a server", hint="Leave out --git, or the others.")
        return None
    from opensession import credentials  # noqa: PLC0415 - git needs none

    account = credentials.account(load(None), flags)
    return account if dry_run else account.with_key()


def key_of(text: str) -> str:
    """The key that an option means; ``-`` asks for it without an echo, or takes a line of standard input."""
    if text != FROM_INPUT:
        return text.strip()
    if can_ask():
        from getpass import getpass  # noqa: PLC0415

        return getpass("API key: ").strip()
    # Bytes, so that a session may follow on the same input.
    key = sys.stdin.buffer.readline(_LONGEST_KEY).decode("utf-8", "replace").strip()
    if not key:
        raise UsageError("there is no API key on standard input", hint="Write it there: `... --api-key - < key.txt`.")
    return key
