"""``opensession publish upload-all``: every session of this machine, into its repository or to the team server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opensession import bulk, candidates, imports, pool, workspace
from opensession.commands.bulk_report import Report, short
from opensession.commands.options import moment, output_options, repo_option
from opensession.commands.server_options import account_for, server_options
from opensession.config import load
from opensession.console import Console  # noqa: TC001 - click resolves it
from opensession.errors import NothingFoundError, OpenSessionError, UsageError
from opensession.imports.origin import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitstore.store import SessionStore
    from opensession.bulk import Done
    from opensession.candidates import Candidate
    from opensession.config import Server
    from opensession.imports.origin import Origin
    from opensession.workspace import Workspace


@click.command("upload-all")
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--git", "to_git", is_flag=True, help="Store on the sessions branches of the repositories.")
@click.option("--tool", "tools", metavar="TOOL", multiple=True, help="Sessions of this agent only (repeatable).")
@click.option("--since", metavar="DATE", help="Sessions that ended on or after this day or time (2026-03-01).")
@click.option(
    "--from",
    "importer",
    metavar="NAME",
    type=click.Choice([entry.name for entry in imports.IMPORTS]),
    help=f"Import what another program keeps in this repository: {', '.join(e.name for e in imports.IMPORTS)}.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be stored, and store nothing.")
@click.option("--again", is_flag=True, help="Send what was sent before as well; the server finds out what is new.")
@click.option(
    "--jobs", metavar="N", type=click.IntRange(min=1), help="Processes; by default one a core, for a server 4 or more."
)
@server_options
@repo_option
@output_options
def upload_all(
    directory: Path | None,
    to_git: bool,
    tools: tuple[str, ...],
    since: str | None,
    importer: str | None,
    dry_run: bool,
    again: bool,
    jobs: int | None,
    flags: Server,
    repo: Path | None,
    console: Console,
) -> None:
    """Store every agent's sessions of this machine: with --git each in the repository it happened in.

    Without --git they go to the team server (`opensession account config`). With DIR, the session files below it
    instead, whatever they are called. What is stored already is recognised by its content and left as it is, so this
    may be run as often as you like, and goes on where it was interrupted.

    \b
    opensession publish upload-all
    opensession publish upload-all --git --dry-run
    opensession publish upload-all --git --tool claude --since 2026-03-01
    opensession publish upload-all ~/backup/transcripts --git --repo .
    opensession publish upload-all --from entire --git
    """  # noqa: D301 - \b keeps click from filling these lines
    account = account_for(flags, to_git=to_git, dry_run=dry_run)
    if importer is not None and directory is not None:
        raise UsageError("--from reads this repository, not a folder", hint="Leave out DIR, or leave out --from.")
    after = moment(since) if since else None
    slugs = candidates.slugs(tools)
    load(None)  # A broken configuration ends the command before any file is read.
    around = _around(repo, needed=repo is not None or importer is not None)
    problems: list[Problem] = []
    if importer is not None and around is not None:
        total, wanted = _imported(importer, around, problems)
    else:
        found = _candidates(directory, slugs, after)
        total, wanted = len(found), iter(found)
    place = around.place if around is not None and (repo is not None or importer is not None) else None
    wish = bulk.Wish(repo=place, tools=slugs, since=after, dry_run=dry_run)
    if account is None:
        _UploadAll(console, wish).run(wanted, total, min(jobs or pool.cores(), total), problems)
        return
    # Imported only for a server: nobody else is to pay for HTTP.
    from opensession.commands.upload_all_server import SendAll  # noqa: PLC0415

    SendAll(console, wish, account, again=again).run(wanted, total, jobs, problems)


def _around(repo: Path | None, *, needed: bool) -> Workspace | None:
    around = workspace.locate(repo)
    if around.store is not None:
        return around
    if repo is not None:
        raise UsageError(f"{repo} is not a git repository", hint="Run `git init` there first.")
    if needed:
        raise workspace.not_a_repository("Go to the repository, or name it with --repo DIR.")
    return None


def _candidates(directory: Path | None, slugs: frozenset[str], after: int | None) -> list[Candidate]:
    since = after / 10**9 if after is not None else 0.0
    if directory is None:
        found = candidates.of_machine(workspace.this_machine(), slugs, since)
        who = f"no session of {', '.join(sorted(slugs))}" if slugs else "no session of any agent"
        if not found:
            raise NothingFoundError(
                f"{who} is on this machine", hint="`opensession docs agents` says where they are sought."
            )
        return found
    if not directory.is_dir():
        missing = "is a file" if directory.exists() else "does not exist"
        raise UsageError(
            f"{directory} {missing}", hint="Name a folder; single files go with `publish upload FILE --git`."
        )
    return candidates.below(directory, since)


def _imported(name: str, around: Workspace, problems: list[Problem]) -> tuple[int, Iterator[Candidate]]:
    """How many transcripts another program keeps in the repository, and each of them, opened when its turn comes."""
    entry = imports.named(name)
    origins = list(entry.load().sessions(around.sessions().repo, problems)) if entry is not None else []
    total = sum(len(origin.transcripts) for origin in origins)
    if not total and not problems:
        raise NothingFoundError(
            f"there is nothing of {name} in {around.place}", hint="Go to the repository that has it."
        )
    return total, _opened(name, origins, problems)


def _opened(name: str, origins: Sequence[Origin], problems: list[Problem]) -> Iterator[Candidate]:
    for origin in origins:
        attributes: dict[str, Any] = {"imported_from": name, f"{name}.checkpoints": list(origin.checkpoints)}
        if origin.branches:
            attributes["git_branch"] = origin.branches[-1]
        for transcript in origin.transcripts:
            try:
                source = transcript.open()
            except OpenSessionError as error:
                problems.append(Problem(transcript.name, str(error)))
                continue
            source = source.called(origin.session_id or "")
            yield candidates.Candidate(transcript.name, source=source, attributes=attributes)


class _UploadAll:
    """One run into repositories: reads, commits and tells."""

    def __init__(self, console: Console, wish: bulk.Wish) -> None:
        self._console = console
        self._wish = wish
        self._stores: dict[Path, SessionStore] = {}
        self._report = Report(console, lambda item: short(item.place), "repositories")

    def run(self, wanted: Iterator[Candidate], total: int, jobs: int, problems: Sequence[Problem]) -> None:
        waiting: list[Done] = []
        ready = bulk.prepared(wanted, self._wish, jobs, self._store)
        try:
            with self._console.progress("Reading", total) as step:
                for done in ready:
                    waiting += done
                    step()
                    if len(waiting) >= bulk.WAITING:
                        self._commit(waiting)
        except BaseException:
            # Interrupted or broken: what was read so far is kept.
            self._commit(waiting)
            kept = self._report.count("stored", "updated")
            self._console.note(f"note: {kept} of them are stored; run it again to go on")
            raise
        self._commit(waiting)
        self._report.end(problems)

    def _commit(self, waiting: list[Done]) -> None:
        done, waiting[:] = list(waiting), []
        self._report.add(bulk.committed(done, self._store, dry_run=self._wish.dry_run))

    def _store(self, place: Path) -> SessionStore:
        if place not in self._stores:
            self._stores[place] = workspace.locate(place).sessions()
        return self._stores[place]
