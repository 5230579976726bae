"""``opensession session resume``: a stored session as a file that an agent can go on from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opensession import workspace
from opensession.agents import named
from opensession.commands import selection
from opensession.commands.options import output_options, repo_option
from opensession.errors import OpenSessionError, UsageError
from opensession.resume import TARGETS

if TYPE_CHECKING:
    from opensession.console import Console
    from opensession.hail.session import Session
    from opensession.resume.conversation import Conversation
    from opensession.resume.target import Native

_OWN_PLACE = frozenset(TARGETS) - {"opencode"}
"""Agents that find their sessions by where they are."""


@click.command("resume")
@click.argument("reference", metavar="REF")
@click.option("--in", "agent", metavar="AGENT", required=True, help=f"The agent to go on in: {', '.join(TARGETS)}.")
@click.option(
    "--directory", metavar="DIR", type=click.Path(path_type=Path), help="Where to go on; the current directory."
)
@click.option(
    "-o", "--output", metavar="PATH", type=click.Path(path_type=Path), help="Write to PATH, not to the agent's store."
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@repo_option
@output_options
def resume(
    reference: str,
    agent: str,
    directory: Path | None,
    output: Path | None,
    dry_run: bool,
    repo: Path | None,
    console: Console,
) -> None:
    """Continue a session in another agent, or in the same one.

    Writes a session file of that agent with the conversation of REF in it, under a new id, and prints the command that
    goes on with it. Nothing of the agent's is changed. Calls of tools that the agent has too are mapped to them, others
    are told as text; reasoning, subagents' own turns and injected texts are left out where the agent's model would not
    take them.

    \b
    opensession session resume HEAD --in codex
    opensession session resume 7f3c2a10 --in claude-code --directory ~/todo
    opensession session resume HEAD^2 --in opencode -o session.json
    """  # noqa: D301 - \b keeps click from filling these lines
    name = _target(agent)
    folder = _directory(directory)
    conversation, native = _written(selection.one(reference, repo, console).session, name, folder, output)
    path = output or native.path
    if path.exists():
        raise UsageError(f"{path} is there already", hint="Choose another path with -o; nothing is overwritten.")
    if not dry_run:
        _write(path, native.content)
    moved = output is not None and name in _OWN_PLACE
    notes = [*native.notes, *([f"{agent} looks for it at {native.path}: move it there to go on"] if moved else [])]
    if console.as_json:
        console.data(_facts(name, path, conversation, native, notes, written=not dry_run))
        return
    _show(name, path, conversation, native, notes, console, written=not dry_run)


def _target(agent: str) -> str:
    entry = named(agent)
    name = entry.name if entry is not None else agent.lower()
    if name not in TARGETS:
        raise UsageError(f"--in {agent}: sessions cannot be continued there", hint=f"Known: {', '.join(TARGETS)}.")
    return name


def _directory(directory: Path | None) -> Path:
    folder = (directory or Path.cwd()).resolve()
    if not folder.is_dir():
        raise UsageError(
            f"--directory {directory}: no such folder", hint="The agent goes on in a folder that is there."
        )
    return folder


def _written(session: Session, name: str, folder: Path, output: Path | None) -> tuple[Conversation, Native]:
    # Only now: help and errors of the command line need none of it.
    from datetime import datetime  # noqa: PLC0415
    from uuid import uuid4  # noqa: PLC0415

    from opensession import resume as writers  # noqa: PLC0415
    from opensession.resume import conversation as conversations  # noqa: PLC0415
    from opensession.resume.target import Target  # noqa: PLC0415

    target = Target(
        machine=workspace.this_machine(),
        directory=folder,
        now=datetime.now().astimezone(),
        seed=uuid4(),
        look=_look,
        output=output.absolute() if output is not None else None,
    )
    conversation = conversations.of(session)
    return conversation, writers.load(name).native(conversation, target)


def _look(path: Path) -> bytes:
    """The content of an agent's own small file; nothing when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, content: bytes) -> None:
    from opensession import files  # noqa: PLC0415 - not for a dry run

    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OpenSessionError(f"{path.parent} cannot be made: {error.strerror}") from error
    # What the agent itself writes there nobody else can read either.
    files.write(path, content, mode=0o600)


def _facts(
    name: str, path: Path, conversation: Conversation, native: Native, notes: list[str], *, written: bool
) -> dict[str, Any]:
    return {
        "agent": name,
        "session_id": native.session_id,
        "parent": conversation.session_id,
        "path": str(path),
        "bytes": len(native.content),
        "written": written,
        "command": native.command,
        "prompts": conversation.prompts,
        "calls_mapped": native.mapped,
        "calls_told": native.told,
        "left_out": conversation.left_out,
        "notes": notes,
    }


def _show(
    name: str,
    path: Path,
    conversation: Conversation,
    native: Native,
    notes: list[str],
    console: Console,
    *,
    written: bool,
) -> None:
    console.write(f"{'wrote' if written else 'would write'}  {path} ({len(native.content):,} bytes)")
    console.write(f"  session   {native.session_id}, from {conversation.session_id} of {conversation.agent}")
    console.write(f"  prompts   {conversation.prompts}")
    console.write(f"  calls     {native.mapped} mapped to tools of {name}, {native.told} told as text")
    if conversation.left_out:
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(conversation.left_out.items()))
        console.write(f"  left out  {counted}")
    for note in notes:
        console.note(f"note: {note}")
    console.write(f"\n{native.command}")
