"""``opensession publish upload-all``: every session of this machine, each into the repository it happened in."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opensession import bulk, candidates, imports, workspace
from opensession.commands.options import moment, output_options, repo_option
from opensession.config import load
from opensession.console import Console  # noqa: TC001 - click resolves it
from opensession.errors import NothingFoundError, OpenSessionError, PartialFailureError, UsageError
from opensession.imports.origin import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitstore.store import SessionStore
    from opensession.bulk import Done
    from opensession.candidates import Candidate
    from opensession.imports.origin import Origin
    from opensession.workspace import Workspace

_ORDER = ("stored", "updated", "unchanged", "would-store", "would-update", "skipped", "failed")
_NOT_WORTH_A_WORD = frozenset({"not a session", "another agent", "older"})
"""Reasons for leaving out what nobody asked for; they are counted, and named with --verbose only."""


@click.command("upload-all")
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--git", "to_git", is_flag=True, help="Store on the sessions branch of the repositories.")
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
@click.option("--jobs", metavar="N", type=click.IntRange(min=1), help="Processes to read with; by default one a core.")
@repo_option
@output_options
def upload_all(
    directory: Path | None,
    to_git: bool,
    tools: tuple[str, ...],
    since: str | None,
    importer: str | None,
    dry_run: bool,
    jobs: int | None,
    repo: Path | None,
    console: Console,
) -> None:
    """Store every agent's sessions of this machine, each in the repository it happened in.

    With DIR, the session files below it instead, whatever they are called. What is stored already is recognised by its
    content and left as it is, so this may be run as often as you like, and goes on where it was interrupted.

    \b
    opensession publish upload-all --git --dry-run
    opensession publish upload-all --git --tool claude --since 2026-03-01
    opensession publish upload-all ~/backup/transcripts --git --repo .
    opensession publish upload-all --from entire --git
    """  # noqa: D301 - \b keeps click from filling these lines
    if not to_git:
        raise UsageError("where should the sessions go?", hint="Add --git to store them in their repositories.")
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
    _UploadAll(console, wish).run(wanted, total, min(jobs or bulk.cores(), total), problems)


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
    """One run: reads, commits and tells."""

    def __init__(self, console: Console, wish: bulk.Wish) -> None:
        self._console = console
        self._wish = wish
        self._stores: dict[Path, SessionStore] = {}
        self._done: list[Done] = []

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
            kept = sum(item.status in ("stored", "updated") for item in self._done)
            self._console.note(f"note: {kept} of them are stored; run it again to go on")
            raise
        self._commit(waiting)
        self._done += [_of_problem(problem) for problem in problems]
        self._tell()

    def _commit(self, waiting: list[Done]) -> None:
        done, waiting[:] = list(waiting), []
        finished = bulk.committed(done, self._store, dry_run=self._wish.dry_run)
        for item in finished:
            self._line(item)
        self._refused([item for item in finished if item.status == "failed" and item.place])
        self._done += finished

    def _store(self, place: Path) -> SessionStore:
        if place not in self._stores:
            self._stores[place] = workspace.locate(place).sessions()
        return self._stores[place]

    def _line(self, item: Done) -> None:
        if self._console.as_json:
            return
        if item.status == "failed" and item.place:
            return  # What a repository refused is told once for all its sessions.
        if item.status == "failed":
            self._console.note(f"failed  {item.name}: {item.reason}" + (f"\n  {item.hint}" if item.hint else ""))
        elif self._console.verbose and item.status == "skipped":
            self._console.note(f"skipped  {item.name}: {item.reason}")
        elif self._console.verbose:
            self._console.note(f"{item.status.replace('-', ' ')}  {item.session_id}  {item.tool}  {item.title[:60]}")

    def _refused(self, items: Sequence[Done]) -> None:
        """Say what the repositories refused, once for each reason."""
        if self._console.as_json:
            return
        for (place, reason, hint), count in Counter((item.place, item.reason, item.hint) for item in items).items():
            sessions = f"{count} session{'' if count == 1 else 's'}"
            self._console.note(f"failed  {sessions} for {_short(place)}: {reason}" + (f"\n  {hint}" if hint else ""))

    def _tell(self) -> None:
        statuses = Counter(item.status for item in self._done)
        failed = statuses["failed"]
        if self._console.as_json:
            counts = {status: statuses[status] for status in _ORDER if statuses[status]}
            self._console.data({"totals": counts, "sessions": [_as_data(item) for item in self._done]})
        else:
            self._totals(statuses)
        if failed and self._console.as_json:
            raise click.exceptions.Exit(PartialFailureError.exit_code)
        if failed:
            hint = "Everything else is done; run it again for these once they are mended."
            raise PartialFailureError(f"{failed} of {len(self._done)} could not be stored", hint=hint)

    def _totals(self, statuses: Counter[str]) -> None:
        say = self._console.write
        for status in _ORDER:
            if statuses[status] and status not in ("skipped", "failed"):
                say(f"{status.replace('-', ' '):<12}{statuses[status]:>6}  {self._where(status)}".rstrip())
        reasons = Counter(item.reason for item in self._done if item.status == "skipped")
        shown = {why: count for why, count in reasons.items() if self._console.verbose or why not in _NOT_WORTH_A_WORD}
        if shown:
            told = ", ".join(
                f"{count} {why}" for why, count in sorted(shown.items(), key=lambda row: (-row[1], row[0]))
            )
            say(f"{'skipped':<12}{sum(shown.values()):>6}  {told}")
        if shown.get(bulk.HOMELESS):
            self._console.note("note: `--repo DIR` stores sessions that are in no repository (all of them, in DIR)")
        if statuses["failed"]:
            say(f"{'failed':<12}{statuses['failed']:>6}")
        secrets: Counter[str] = Counter()
        for item in self._done:
            secrets.update(item.secrets or {})
        if secrets:
            told = ", ".join(f"{rule} x{count}" for rule, count in sorted(secrets.items()))
            say(f"{'redacted':<12}{secrets.total():>6}  {told}")
        if not any(statuses[status] for status in _ORDER if status != "skipped") and not shown:
            say("nothing to store: no session was found")

    def _where(self, status: str) -> str:
        places = Counter(item.place for item in self._done if item.status == status)
        if status == "unchanged" or not places:
            return ""
        first = ", ".join(f"{_short(place)} {count}" for place, count in places.most_common(3))
        more = f", and {len(places) - 3} more repositories" if len(places) > 3 else ""
        return f"{first}{more}"


def _short(place: str) -> str:
    home = str(Path.home())
    return "~" + place[len(home) :] if place == home or place.startswith(home + os.sep) else place


def _of_problem(problem: Problem) -> Done:
    return bulk.Done(problem.name, "failed" if problem.lost else "skipped", problem.reason)


def _as_data(item: Done) -> dict[str, Any]:
    told = {
        "file": item.name,
        "status": item.status,
        "reason": item.reason,
        "hint": item.hint,
        "repository": item.place,
        "session_id": item.session_id,
        "tool": item.tool,
        "title": item.title,
        "redacted": dict(item.secrets or {}),
        "unread": item.unread,
    }
    return {key: value for key, value in told.items() if value not in ("", {}, 0)}
