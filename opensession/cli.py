"""The command line: a table of commands that are imported when they are used, and the error boundary.

Commands are named here, not imported, so that ``--help`` and a completion pay for nothing they don't use, and so
that the doors above (``web``, ``hooks``) can be offered without looking up. A test runs ``--help`` on every row.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import click

from opensession import __version__
from opensession.errors import OpenSessionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMANDS: Mapping[str, tuple[str, str]] = {
    "account config": ("opensession.commands.account:configure", "Show or set the team server, key and team."),
    "account server status": ("opensession.commands.account:status", "Say whether the team server answers."),
    "account server verify": ("opensession.commands.account:verify", "Ask the team server whose key this is."),
    "publish upload": ("opensession.commands.publish:upload", "Store session files in git, or on the team server."),
    "publish upload-all": (
        "opensession.commands.upload_all:upload_all",
        "Store all sessions of this machine, in their repositories or on the team server.",
    ),
    "session handoff": ("opensession.commands.handoff:handoff", "Brief the next agent from stored sessions."),
    "session list": ("opensession.commands.session:list_sessions", "List stored sessions, newest first."),
    "session show": ("opensession.commands.session:show", "Read a session in the terminal."),
    "session cat": ("opensession.commands.session:cat", "Print a session as HAIL."),
    "session search": ("opensession.commands.search:search", "Find sessions by what was said and done in them."),
    "session resume": ("opensession.commands.resume:resume", "Continue a session in another agent."),
    "session verify": ("opensession.commands.session:verify", "Check stored sessions for damage and leaks."),
    "serve": ("web.commands:serve", "Run the team server."),
    "admin reindex": ("web.commands:reindex", "Make the server's index anew from its repositories."),
    "admin check": ("web.commands:check", "Check the server's repositories and index."),
    "admin maintain": ("web.commands:maintain", "Pack the server's repositories, sweep out what has expired."),
    "admin make-repository": ("web.commands:make_repository", "Make an empty repository, for restoring a backup."),
    "admin reset-password": ("web.commands:reset_password", "Give somebody on the server a new password."),
    "docs completion": ("opensession.commands.docs:completion", "Print the completion script of a shell."),
    "docs agents": ("opensession.commands.docs:agents", "List the agents that are read, and what of them."),
    "docs format": ("opensession.commands.docs:format_", "Explain the HAIL format and the store."),
}
"""Every command by its words, with where it is and its line in the help."""

GROUPS: Mapping[str, str] = {
    "account": "The team server, and who you are there.",
    "account server": "Ask the team server how it is, and who you are.",
    "publish": "Bring sessions into git, or to the team server.",
    "session": "Find, read and hand on stored sessions.",
    "admin": "Look after a team server, on its machine.",
    "docs": "Completion scripts, agents and formats.",
}

RENAMED: Mapping[str, str] = {
    "upload": "publish upload",
    "upload-all": "publish upload-all",
    "config set api-url": "account config --server",
    "config set api-key": "account config --api-key",
}
"""Older spellings that still work and say the new one."""

_OLDER_FORMS: Mapping[str, str] = {
    "config set api-url": "opensession.commands.account:set_url",
    "config set api-key": "opensession.commands.account:set_key",
}
"""Where the older spellings are whose arguments stand otherwise."""

REMOVED: Mapping[str, str] = {
    "session discover": "use `opensession session handoff --last`, or name a file: `opensession publish upload FILE`",
    "session log": "use `opensession session list`",
    "session stats": "use `opensession session show REF --json`, which has the figures",
    "session diff": "use `opensession session handoff REF REF`, which unites what both changed",
    "log": "use `opensession session list`",
    "stats": "use `opensession session show REF --json`, which has the figures",
    "diff": "use `opensession session handoff REF REF`, which unites what both changed",
    "discover": "use `opensession session handoff --last`, or name a file: `opensession publish upload FILE`",
    "handoff": "use `opensession session handoff`",
}
"""Words of older documents that mean something else now; the answer names what to use."""


class LazyGroup(click.Group):
    """A group whose commands are rows of the table."""

    def __init__(self, prefix: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The words below this one, in the order of the table."""
        start = self._prefix
        return list(dict.fromkeys(path[len(start) :].split()[0] for path in COMMANDS if path.startswith(start)))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command or group of that name, imported now."""
        path = self._prefix + cmd_name
        if path in COMMANDS:
            return _load(COMMANDS[path][0])
        if path in GROUPS or any(older.startswith(f"{path} ") for older in RENAMED):
            return LazyGroup(prefix=f"{path} ", name=cmd_name, help=GROUPS.get(path), no_args_is_help=True)
        if path in RENAMED:
            click.echo(f"note: `{path}` is now `opensession {RENAMED[path]}`", err=True)
            return _load(_OLDER_FORMS.get(path) or COMMANDS[RENAMED[path]][0])
        if path in REMOVED:
            raise click.UsageError(f"`opensession {path}` does not exist: {REMOVED[path]}.", ctx)
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        rows = []
        for word in self.list_commands(ctx):
            path = self._prefix + word
            rows.append((word, COMMANDS[path][1] if path in COMMANDS else GROUPS[path]))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `opensession publish upload FILE --git`, then `opensession session handoff HEAD`.",
    no_args_is_help=True,
)
@click.option("-C", "directory", metavar="DIR", type=click.Path(), help="Run as if started in DIR.")
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def root(directory: str | None) -> None:
    """Keep AI coding sessions in git, and hand them to the next agent."""
    if directory is not None:
        try:
            os.chdir(directory)
        except OSError as error:
            raise click.UsageError(f"-C {directory}: {error.strerror}") from error


def run(arguments: Sequence[str]) -> int:
    """Run the command line; the only place where errors become exit codes.

    Returns:
        0 success, 1 general, 2 usage, 3 nothing found, 4 authentication, 5 network, 130 interrupted.
    """
    try:
        code = root.main(list(arguments), prog_name="opensession", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of a pipe went away (`| head`); nothing is wrong. Keep the interpreter from flushing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except click.exceptions.NoArgsIsHelpError as stop:
        click.echo(stop.format_message())
        return 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except Exception as error:
        return _failed(error, arguments)
    # Click hands back what a command ended with instead of ending the process.
    return code if isinstance(code, int) else 0


def _failed(error: Exception, arguments: Sequence[str]) -> int:
    from opensession.console import Console  # noqa: PLC0415

    console = Console(as_json="--json" in arguments)
    message, hint, code = _explained(error)
    console.failure(message, hint, code)
    if not hasattr(error, "exit_code") and ("-v" in arguments or "--verbose" in arguments):
        import traceback  # noqa: PLC0415

        traceback.print_exception(error)
    return code


def _explained(error: Exception) -> tuple[str, str, int]:
    if isinstance(error, OpenSessionError):
        return str(error), error.hint, error.exit_code
    if hasattr(error, "exit_code"):
        # Errors of gitstore, which stands below and has the same two attributes.
        return str(error), getattr(error, "hint", ""), int(error.exit_code)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the disk is full: {error.filename or error}", "Nothing was committed. Make room and run it again.", 1
    if isinstance(error, MemoryError):
        return "out of memory", "Nothing was committed. The session is too large for this machine.", 1
    if isinstance(error, OSError):
        return str(error), "", 1
    return f"internal error: {type(error).__name__}: {error}", "This is a bug; --verbose shows where it happened.", 1


def _load(target: str) -> click.Command:
    module, _, name = target.partition(":")
    return cast("click.Command", getattr(import_module(module), name))
