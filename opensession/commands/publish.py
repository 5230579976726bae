"""``opensession publish``: the way from a session file into git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gitstore.layout import session_path
from gitstore.store import Stored
from opensession import publish, recognition, workspace
from opensession.commands.options import confirm, output_options, repo_option, yes_option
from opensession.config import load
from opensession.errors import OpenSessionError, PartialFailureError, UsageError
from opensession.library import Library
from opensession.redact import PATH_RULE
from opensession.source import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitstore.store import Record
    from opensession.config import Privacy
    from opensession.console import Console
    from opensession.publish import Prepared
    from opensession.recognition import Recognised
    from opensession.workspace import Workspace

_BATCH = 64
_BATCH_BYTES = 64 * 1024 * 1024
"""Sessions, and bytes, in one move of the ref: enough to make moving it cheap, few enough to hold in memory."""


class _Wish(NamedTuple):
    """What the user asked for, beside the files."""

    repo: Path | None
    parents: tuple[str, ...]
    agent: str | None
    dry_run: bool
    redact: bool
    yes: bool


class _Ready(NamedTuple):
    """A session on its way into a repository."""

    file: str
    prepared: Prepared
    record: Record

    @property
    def size(self) -> int:
        return sum(len(segment.data) for segment in self.record.segments)


@click.command("upload")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--git", "to_git", is_flag=True, help="Store on the sessions branch of a git repository.")
@click.option("--parent", "parents", metavar="ID", multiple=True, help="A session this one follows from (repeatable).")
@click.option("--agent", metavar="NAME", help="Read the files as this agent's, whatever they look like.")
@click.option("--dry-run", is_flag=True, help="Say what would be stored, and store nothing.")
@click.option("--no-redact", is_flag=True, help="Store secrets as they are (asks first).")
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
    repo: Path | None,
    yes: bool,
    console: Console,
) -> None:
    """Store session FILEs on the sessions branch, with secrets taken out.

    FILE is a transcript of a supported agent, or HAIL, or gzip of these; - is standard input. What it is shows in
    its content, not in its name. The work tree, the index and the checked-out branch are never touched, and the same
    content is never stored twice.

    \b
    opensession publish upload ~/.claude/projects/*/SESSION.jsonl --git
    opensession publish upload session.jsonl --git --parent 7f3c2a10 --dry-run
    """  # noqa: D301 - \b keeps click from filling these lines
    if not to_git:
        raise UsageError("where should the sessions go?", hint="Add --git to store them in this repository.")
    if no_redact and not confirm(
        "Store secrets as they are, for everyone who can read the repository?",
        yes=yes,
        instead="Add --yes to do it anyway, or leave out --no-redact.",
    ):
        raise UsageError("nothing was stored")
    _Upload(console, _Wish(repo, parents, agent, dry_run, not no_redact, yes)).run(files)


class _Upload:
    """One run of the command: prepare each file, store in batches, say what happened to each."""

    def __init__(self, console: Console, wish: _Wish) -> None:
        self._console = console
        self._wish = wish
        self._around = workspace.locate(wish.repo)
        if wish.repo is not None and self._around.store is None:
            raise UsageError(f"{wish.repo} is not a git repository", hint="Run `git init` there first.")
        self._privacies: dict[Path, Privacy] = {}
        # A broken configuration ends the command before any file is read, not once for each.
        self._privacy(self._around)
        self._results: list[dict[str, Any]] = []
        self._failures: list[OpenSessionError] = []
        self._waiting: dict[Path, tuple[Workspace, list[_Ready]]] = {}
        self._parent_ids: dict[Path, list[str]] = {}

    def run(self, files: Sequence[str]) -> None:
        with self._console.progress("Storing", len(files)) as step:
            for name in files:
                self._take(name, alone=len(files) == 1)
                step()
            for place in list(self._waiting):
                self._store(place)
        failed = len(self._failures)
        if self._console.as_json:
            self._console.data({"sessions": self._results, "failed": failed})
        if failed:
            self._end(failed)

    def _end(self, failed: int) -> None:
        """Say that part of the work failed; with ``--json`` the one document has said it already."""
        if self._console.as_json:
            raise click.exceptions.Exit(PartialFailureError.exit_code)
        total = len(self._results)
        hint = "The others are stored; run it again for these once they are mended." if failed < total else ""
        raise PartialFailureError(f"{failed} of {total} could not be stored", hint=hint)

    def _take(self, name: str, *, alone: bool) -> None:
        """Prepare the sessions of a file; what fails is an error when it is all there is, else noted."""
        held: list[Recognised] = []
        try:
            for recognised in recognition.sessions(open_source(name), self._wish.agent):
                # One behind: only then is it known whether a session is the only one.
                if held:
                    self._prepare_one(held.pop(), alone=False)
                    alone = False
                held.append(recognised)
        except OpenSessionError as error:
            self._fail(name, error, alone=alone and not held)
            alone = False
        if held:
            self._prepare_one(held.pop(), alone=alone)

    def _prepare_one(self, recognised: Recognised, *, alone: bool) -> None:
        try:
            self._prepare(recognised)
        except OpenSessionError as error:
            self._fail(recognised.name, error, alone=alone)

    def _prepare(self, recognised: Recognised) -> None:
        target = self._around

        def privacy_of(directory: str | None) -> Privacy:
            nonlocal target
            target = self._target(directory)
            return self._privacy(target)

        prepared = publish.prepare(recognised, privacy_of, redact=self._wish.redact)
        record = publish.record_of(prepared, self._parents(target))
        waiting = self._waiting.setdefault(target.place, (target, []))[1]
        waiting.append(_Ready(recognised.name, prepared, record))
        if len(waiting) >= _BATCH or sum(ready.size for ready in waiting) >= _BATCH_BYTES:
            self._store(target.place)

    def _parents(self, target: Workspace) -> list[str]:
        """The full ids of the sessions named as parents, which must be committed there."""
        if target.place not in self._parent_ids:
            library = Library(target.store, target.directory, target.top, self._privacy(target))
            self._parent_ids[target.place] = [library.committed_id(parent) for parent in self._wish.parents]
        return self._parent_ids[target.place]

    def _privacy(self, target: Workspace) -> Privacy:
        """What the user and the repository keep back; read once for each repository."""
        if target.place not in self._privacies:
            config = load(target.top)
            for note in config.notes:
                self._console.note(f"note: {note}")
            self._privacies[target.place] = config.privacy
        return self._privacies[target.place]

    def _target(self, directory: str | None) -> Workspace:
        """The repository the session goes into: where the command stands, or where the session took place."""
        around = self._around
        if self._wish.repo is not None:
            return around
        own = workspace.of_session(directory)
        if around.store is None:
            if own is None:
                hint = "Go to a git repository, name one with --repo DIR, or make one with `git init`."
                raise workspace.not_a_repository(hint)
            self._console.note(f"note: storing in {own.place}, where the session took place")
            return own
        if own is not None and own.place != around.place:
            question = f"The session took place in {own.place}, not here. Store it in {around.place}?"
            if not confirm(question, yes=self._wish.yes, instead=f"Add --yes, or --repo {own.place}."):
                raise UsageError("nothing was stored")
        return around

    def _store(self, place: Path) -> None:
        target, waiting = self._waiting.pop(place)
        if self._wish.dry_run:
            for ready in waiting:
                self._show(ready, target, "would-store", None)
            return
        outcomes = publish.to_git(target.sessions(), [ready.record for ready in waiting])
        for ready, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Stored):
                self._show(ready, target, "stored" if outcome.new else "updated", outcome)
            else:
                self._show(ready, target, "unchanged", None)

    def _fail(self, name: str, error: OpenSessionError, *, alone: bool) -> None:
        if alone:
            raise error
        self._failures.append(error)
        self._results.append({"file": name, "status": "failed", "error": str(error), "hint": error.hint})
        self._console.note(f"failed  {name}: {error}")

    def _show(self, ready: _Ready, target: Workspace, status: str, stored: Stored | None) -> None:
        record, store = ready.record, target.sessions()
        counts = ready.prepared.report.counts
        secrets = {rule: counts[rule] for rule in sorted(counts) if rule != PATH_RULE}
        result = {
            "file": ready.file,
            "status": status,
            "session_id": record.session_id,
            "repository": str(target.place),
            "ref": store.ref,
            "path": session_path(record.session_id),
            "commit": stored.commit if stored else None,
            "events": sum(segment.lines for segment in record.segments),
            "events_added": stored.events_added if stored else 0,
            "segments_written": stored.segments_written if stored else 0,
            "redacted": secrets,
            "paths_shortened": counts.get(PATH_RULE, 0),
            "unread": ready.prepared.unread,
            "skipped": ready.prepared.skipped,
            "reader": ready.prepared.reader,
        }
        self._results.append(result)
        if not self._console.as_json:
            self._receipt(result)

    def _receipt(self, result: dict[str, Any]) -> None:
        say = self._console.write
        say(f"{result['status'].replace('-', ' ')}  {result['session_id']}")
        if result["commit"]:
            plural = "" if result["segments_written"] == 1 else "s"
            added = f"{result['events_added']} of {result['events']} events"
            say(f"  commit   {result['commit'][:12]} on {result['ref'].removeprefix('refs/heads/')}")
            say(f"  new      {added}, {result['segments_written']} segment{plural} written")
        elif result["status"] == "would-store":
            say(f"  events   {result['events']}")
        say(f"  path     {result['path']}")
        if result["redacted"]:
            say(f"  redacted {_secrets(result['redacted'])}")
        if result["paths_shortened"]:
            say(f"  paths    {result['paths_shortened']} shortened, so that they name no home folder")
        if result["skipped"] and self._console.verbose:
            kinds = ", ".join(f"{kind} x{count}" for kind, count in result["skipped"].items())
            say(f"  skipped  {sum(result['skipped'].values())} records that say nothing: {kinds}")
        if self._console.verbose:
            say(f"  reader   {result['reader']}")
        if result["unread"]:
            say(f"  unread   {result['unread']} records were not understood; they are kept as they were")


def _secrets(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    each = ", ".join(f"{rule} x{count}" for rule, count in counts.items())
    return f"{total} secret{'' if total == 1 else 's'}: {each}"
