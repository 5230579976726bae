"""``opensession publish``: the way from a session file into git, or to the team server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from opensession.commands.options import confirm, output_options, repo_option, yes_option
from opensession.commands.server_options import account_for, server_options
from opensession.commands.uploading import Wish
from opensession.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.config import Server
    from opensession.console import Console


@click.command("upload")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--git", "to_git", is_flag=True, help="Store on the sessions branch of a git repository.")
@click.option("--parent", "parents", metavar="ID", multiple=True, help="A session this one follows from (repeatable).")
@click.option("--agent", metavar="NAME", help="Read the files as this agent's, whatever they look like.")
@click.option("--dry-run", is_flag=True, help="Say what would be stored, and store nothing.")
@click.option("--no-redact", is_flag=True, help="Store secrets as they are (asks first).")
@server_options
@repo_option
@yes_option
@output_options
def upload(
    files: tuple[str, ...],
    to_git: bool,
    parents: tuple[str, ...],
    agent: str | None,
    dry_run: bool,
    no_redact: bool,
    flags: Server,
    repo: Path | None,
    yes: bool,
    console: Console,
) -> None:
    """Store session FILEs, with secrets taken out: with --git on the sessions branch, else on the team server.

    FILE is a transcript of a supported agent, or HAIL, or gzip of these; - is standard input. What it is shows in
    its content, not in its name. The same content is never stored twice. In a repository the work tree, the
    index and the checked-out branch are never touched; the server is set by `opensession account config`.

    \b
    opensession publish upload ~/.claude/projects/*/SESSION.jsonl --git
    opensession publish upload session.jsonl --team 0d8f6a52-9c1e-4b7a-8e39-5a4b1c2d3e4f
    opensession publish upload session.jsonl --git --parent 7f3c2a10 --dry-run
    """  # noqa: D301 - \b keeps click from filling these lines
    account = account_for(flags, to_git=to_git, dry_run=dry_run)
    if no_redact and not confirm(
        f"Store secrets as they are, for everyone who can read {'the repository' if to_git else 'them there'}?",
        yes=yes,
        instead="Add --yes to do it anyway, or leave out --no-redact.",
    ):
        raise UsageError("nothing was stored")
    wish = Wish(repo, parents, agent, dry_run, not no_redact, yes)
    # Each way is imported only by those who go it.
    if account is None:
        from opensession.commands.upload_git import GitUpload  # noqa: PLC0415

        GitUpload(console, wish).run(files)
    else:
        from opensession.commands.upload_server import ServerUpload  # noqa: PLC0415

        ServerUpload(console, wish, account).run(files)
