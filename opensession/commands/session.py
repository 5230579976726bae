"""``opensession session``: list, read and check what is stored."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from opensession import workspace
from opensession.agents import named
from opensession.commands import selection
from opensession.commands.options import moment, output_options, repo_option
from opensession.config import load
from opensession.console import Console
from opensession.errors import NothingFoundError
from opensession.hail import times
from opensession.library import Library
from opensession.terminal import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.store import Publication
    from opensession.hail.session import Session

_LIST_LIMIT = 50


@click.command("list")
@click.option("--tool", metavar="TOOL", help="Sessions of this agent only.")
@click.option("--since", metavar="DATE", help="Sessions that ended on or after this day or time (2026-03-01).")
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=0), default=_LIST_LIMIT, show_default=True, help="0: all."
)
@repo_option
@output_options
def list_sessions(tool: str | None, since: str | None, limit: int, repo: Path | None, console: Console) -> None:
    """List the sessions stored in this repository, newest first."""
    store = workspace.locate(repo).sessions()
    after = moment(since) if since else None
    slug = _slug(tool)
    matching = (
        publication
        for publication in store.list()
        if (slug is None or publication.tool == slug) and (after is None or publication.session_time * 10**9 >= after)
    )
    rows = list(islice(matching, limit or None))
    if console.as_json:
        console.data({"sessions": [_listed(row) for row in rows]})
        return
    if not rows:
        raise NothingFoundError("no session is stored here", hint="Store one: `opensession publish upload FILE --git`.")
    console.table(
        ["SESSION", "AGENT", "ENDED", "EVENTS", "TITLE"],
        [
            [
                row.session_ids[0][:12],
                row.tool,
                times.render(int(row.session_time) * 10**9)[:16].replace("T", " "),
                str(row.events),
                one_line(row.title, 72),
            ]
            for row in rows
        ],
    )
    if limit and next(matching, None) is not None:
        console.note(f"note: the newest {limit} are shown; --limit 0 lists all")


@click.command("show")
@click.argument("reference", metavar="REF")
@click.option("--thinking", is_flag=True, help="Show the agent's reasoning too.")
@click.option("--full", is_flag=True, help="Show long contents whole.")
@repo_option
@output_options
def show(reference: str, thinking: bool, full: bool, repo: Path | None, console: Console) -> None:
    """Read a session; REF#EVENT shows one event whole, FILE#SESSION one session in a file of many."""
    from opensession import transcript  # noqa: PLC0415 - only this command draws one

    session, event_id = _part(reference, repo, console)
    if event_id:
        events = [event for event in session.events if event.event_id == event_id]
        if not events:
            raise NothingFoundError(f"session {session.session_id} has no event {event_id}")
        session.events, full, thinking = events, True, True
    if console.as_json:
        console.data(transcript.facts(session))
        return
    for line in transcript.lines(session, thinking=thinking, full=full, header=not event_id):
        console.styled(line.text, line.style)


@click.command("cat")
@click.argument("reference", metavar="REF")
@click.option("--format", "format_", type=click.Choice(["full", "short"]), default="full", show_default=True)
@repo_option
@output_options
def cat(reference: str, format_: str, repo: Path | None, console: Console) -> None:
    """Print a session as HAIL, ready for a pipe."""
    from opensession.hail import short, write  # noqa: PLC0415 - codecs only this command needs

    session = selection.one(reference, repo, console).session
    for line in write.lines(session) if format_ == "full" else short.write(session):
        console.content(line)


@click.command("verify")
@click.argument("references", metavar="[REF]...", nargs=-1)
@repo_option
@output_options
def verify(references: tuple[str, ...], repo: Path | None, console: Console) -> None:
    """Check stored sessions: structure, counts, format, and today's redaction rules. All of them without REF."""
    from opensession import verification  # noqa: PLC0415 - pulls in every rule

    around = workspace.locate(repo)
    store = around.sessions()
    library = Library(store, around.directory, around.top, load(around.top).privacy)
    ids = [library.committed_id(text) for text in references] or [row.session_ids[0] for row in store.list()]
    faults: list[dict[str, str]] = []
    with console.progress("Checking", len(ids)) as step:
        for session_id in ids:
            faults += [{"session_id": session_id, "fault": fault} for fault in verification.faults(store, session_id)]
            step()
    if console.as_json:
        console.data({"checked": len(ids), "faults": faults})
    else:
        for fault in faults:
            console.write(f"{fault['session_id']}  {fault['fault']}")
        if not faults:
            console.write(f"{len(ids)} session{'' if len(ids) == 1 else 's'} checked, no fault found")
    if faults:
        raise click.exceptions.Exit(1)


def _part(reference: str, repo: Path | None, console: Console) -> tuple[Session, str]:
    """The session a reference means, and the event in it: REF#EVENT, or FILE#SESSION#EVENT in a file of many."""
    name, _, rest = reference.partition("#")
    if not rest:
        return selection.one(name, repo, console).session, ""
    quiet = Console(quiet=True)
    selected = selection.one(name, repo, quiet)
    if selected.reference == name or not selected.reference.startswith(f"{name}#"):
        return selected.session, rest
    key, _, event_id = rest.partition("#")
    return selection.one(f"{name}#{key}", repo, console).session, event_id


def _listed(row: Publication) -> dict[str, Any]:
    return {
        "session_id": row.session_ids[0],
        "tool": row.tool,
        "model": row.model,
        "title": row.title,
        "events": row.events,
        "ended_at": times.render(int(row.session_time) * 10**9),
        "commit": row.commit,
    }


def _slug(tool: str | None) -> str | None:
    entry = named(tool) if tool else None
    return entry.name if entry is not None else tool
